import type { Clock } from '@ashlar/domain';
import { createClaimsVerifier, InvalidTokenError } from '@ashlar/http';
import type { Identity, IdentityVerifier } from './identity.ts';

export interface JwtOptions {
  /** The address of the keys, or the keys. */
  readonly jwks: string | { readonly keys: readonly unknown[] };
  readonly issuer?: string;
  readonly audience?: string;
}

type Claims = Readonly<Record<string, unknown>>;

/** Identities from JWTs: `role` or `roles`, `scope` or `scp`, `sid`. */
export const jwtIdentities = ({ jwks, ...expected }: JwtOptions, clock: Clock): IdentityVerifier =>
  createClaimsVerifier({
    ...expected,
    clock,
    jwks: typeof jwks === 'string' ? jwks : async () => jwks as { keys: [] },
    requiredClaims: ['sub', 'exp'],
    read: (claims) => toIdentity(claims),
  });

function toIdentity(claims: Claims): Identity {
  const { sub, sid, iat, exp } = claims;
  if (typeof sub !== 'string' || sub === '') throw new InvalidTokenError('The token names nobody.');
  const roles = textsIn(claims['roles']);
  const role = textOf(claims['role']) ?? roles[0] ?? 'user';
  const scopes = textsIn(claims['scope'] ?? claims['scp']);
  return {
    id: sub,
    role,
    scopes,
    claims,
    ...(roles.length > 0 && { roles }),
    ...(typeof sid === 'string' && { sessionId: sid }),
    ...(typeof iat === 'number' && { issuedAtMs: iat * 1_000 }),
    ...(typeof exp === 'number' && { expiresAtMs: exp * 1_000 }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((part) => part !== '');
  return Array.isArray(value) ? value.filter((part): part is string => typeof part === 'string') : [];
}
