import { Id, Nothing, NotModified, OneOf, Time } from '@ashlar/http';
import Type from 'typebox';

/** A user as clients see one. */
export const UserView = Type.Object(
  {
    id: Id,
    email: Type.String(),
    name: Type.String(),
    role: OneOf('customer', 'admin'),
    createdAt: Time,
  },
  { title: 'User' },
);

const ProfileBody = Type.Object({ name: Type.Optional(Type.String()) });

const PasswordBody = Type.Object({ currentPassword: Type.String(), newPassword: Type.String() });

export const reading = {
  config: { access: 'user' },
  schema: { summary: 'Read your own profile', response: { 200: UserView, 304: NotModified } },
} as const;

export const renaming = {
  config: { access: 'user' },
  schema: { summary: 'Change your own name', body: ProfileBody, response: { 200: UserView } },
} as const;

export const passwordChange = {
  config: { access: 'user', refuses: { invalid_credentials: 'unauthenticated' } },
  schema: {
    summary: 'Change your own password; all other sessions end',
    body: PasswordBody,
    response: { 204: Nothing },
  },
} as const;

export const leaving = {
  config: { access: 'user', refuses: { last_admin: 'conflict' } },
  schema: { summary: 'Leave: personal data are erased, and all sessions end', response: { 204: Nothing } },
} as const;
