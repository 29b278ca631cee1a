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
  schema: { summary: 'Sign in', body: SignInBody, response: { 201: SessionView } },
} as const;

export const refreshing = {
  config: {
    access: 'public',
    refuses: { token_reused: 'unauthenticated', invalid_refresh_token: 'unauthenticated' },
  },
  schema: {
    summary: 'Exchange a refresh token, once, for new tokens',
    body: RefreshBody,
    response: { 201: SessionView },
  },
} as const;

export const signingOut = {
  config: { access: 'user' },
  schema: { summary: 'End your own session', response: { 204: Nothing } },
} as const;

export const keySet = {
  config: { access: 'public' },
  schema: { summary: 'The public keys by which access tokens are checked', response: { 200: KeySet } },
} as const;
