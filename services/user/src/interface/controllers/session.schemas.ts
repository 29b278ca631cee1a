import { ListOf, Nothing, OneOf } from '@ashlar/http';
import Type from 'typebox';

/** What signing in or refreshing gives. */
const SessionView = Type.Object(
  {
    accessToken: Type.String(),
    refreshToken: Type.String(),
    tokenType: OneOf('Bearer'),
    expiresIn: Type.Integer({ description: 'Seconds.' }),
  },
  { title: 'Session' },
);

/** A JSON Web Key Set (RFC 7517). */
const KeySet = Type.Object({
  keys: ListOf(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true })),
});

/** Loose on purpose: what cannot be right is answered like what is wrong. */
const Credential = Type.String({ maxLength: 1_024 });

const SignInBody = Type.Object({ email: Credential, password: Credential });

const RefreshBody = Type.Object({ refreshToken: Credential });

export const signingIn = {
  config: { access: 'public', refuses: { invalid_credentials: 'unauthenticated' } },
  schema: { body: SignInBody, response: { 201: SessionView } },
} as const;

export const refreshing = {
  config: {
    access: 'public',
    refuses: { token_reused: 'unauthenticated', invalid_refresh_token: 'unauthenticated' },
  },
  schema: { body: RefreshBody, response: { 201: SessionView } },
} as const;

export const signingOut = { config: { access: 'user' }, schema: { response: { 204: Nothing } } } as const;

export const keySet = { config: { access: 'public' }, schema: { response: { 200: KeySet } } } as const;
