import { CursorQuery, IdParams, NotModified, OneOf, PageOf, Time } from '@ashlar/http';
import Type from 'typebox';
import { UserView } from './user.schemas.ts';

const RoleBody = Type.Object({ role: OneOf('customer', 'admin') });

const RotationView = Type.Object({ kid: Type.String(), signsFrom: Time });

export const list = {
  config: { access: 'admin', refuses: { bad_cursor: 'malformed' } },
  schema: { summary: 'List users, the newest first', querystring: CursorQuery, response: { 200: PageOf(UserView) } },
} as const;

export const reading = {
  config: { access: 'user', refuses: { user_not_found: 'not_found', forbidden: 'forbidden' } },
  schema: {
    summary: 'Read a profile: your own, or any as an administrator',
    params: IdParams,
    response: { 200: UserView, 304: NotModified },
  },
} as const;

export const roleChange = {
  config: { access: 'admin', refuses: { user_not_found: 'not_found', last_admin: 'conflict' } },
  schema: { summary: 'Change the role of a user', params: IdParams, body: RoleBody, response: { 200: UserView } },
} as const;

export const keyRotation = {
  config: { access: 'admin' },
  schema: {
    summary: 'Make a new signing key; what the old one has signed stays valid',
    response: { 201: RotationView },
  },
} as const;
