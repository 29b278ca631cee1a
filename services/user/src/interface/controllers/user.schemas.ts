import { Id, ListOf, Nothing, NotModified, OneOf, Time } from '@ashlar/http';
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

/** What signing in or refreshing gives. */
export const SessionView = Type.Object(
  {
    accessToken: Type.String(),
    refreshToken: Type.String(),
    tokenType: OneOf('Bearer'),
    expiresIn: Type.Integer({ description: 'Seconds.' }),
  },
  { title: 'Session' },
);

/** A JSON Web Key Set (RFC 7517). */
export const KeySet = Type.Object({
  keys: ListOf(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true })),
});

export const RotationView = Type.Object({ kid: Type.String(), signsFrom: Time });

const ProfileBody = Type.Object({ name: Type.Optional(Type.String()) });

const PasswordBody = Type.Object({ currentPassword: Type.String(), newPassword: Type.String() });

export const reading = {
  config: { access: 'user' },
  schema: { response: { 200: UserView, 304: NotModified } },
} as const;

export const renaming = {
  config: { access: 'user' },
  schema: { body: ProfileBody, response: { 200: UserView } },
} as const;

export const passwordChange = {
  config: { access: 'user', refuses: { invalid_credentials: 'unauthenticated' } },
  schema: { body: PasswordBody, response: { 204: Nothing } },
} as const;

export const leaving = {
  config: { access: 'user', refuses: { last_admin: 'conflict' } },
  schema: { response: { 204: Nothing } },
} as const;
