import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '@ashlar/domain';
import { INTERNAL, internalJwk } from '@ashlar/http';
import { BoundedMap } from '../limits/bounded-map.ts';
import type { Identity } from './identity.ts';

const LIFETIME_MS = 60_000;
/** It is made anew while it is still good for this long: longer than any request is on its way. */
const LEAST_LEFT_MS = 30_000;
const REMEMBERED = 10_000;

interface Made {
  readonly token: string;
  readonly identity: Identity;
  readonly renewAtMs: number;
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly header: string;
  /** What the services check with. */
  readonly jwks: { readonly keys: readonly object[] };
}

/**
 * Who calls, as the gateway hands it on to the services: signed, and good for a minute. The key is one that this
 * process made at its start, or one that several gateways share. Services that take nothing else have no use for what a
 * client holds, whose session may have ended.
 */
export class InternalTokens {
  #key: SigningKey;
  #made = new BoundedMap<Made>(REMEMBERED);

  constructor(
    private readonly clock: Clock,
    pem?: string,
  ) {
    this.#key = signingKey(pem === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(pem));
  }

  /** The keys that the services check with: public ones, as a JWKS. */
  get jwks(): { readonly keys: readonly object[] } {
    return this.#key.jwks;
  }

  /** Signs with this private key (PEM) from now on; what was signed before is good until its minute is over. */
  signWith(pem: string): void {
    this.#key = signingKey(createPrivateKey(pem));
    this.#made = new BoundedMap(REMEMBERED);
  }

  /** For the caller who has shown this credential. A signature is dear: the same is told again while it is good. */
  tokenFor(identity: Identity, credential: string): string {
    const nowMs = this.clock.now().getTime();
    const known = this.#made.get(credential);
    if (known && known.identity === identity && nowMs < known.renewAtMs) return known.token;
    const token = this.#sign(identity, nowMs);
    this.#made.set(credential, { token, identity, renewAtMs: nowMs + LIFETIME_MS - LEAST_LEFT_MS });
    return token;
  }

  #sign({ id, role, roles = [], sessionId, scopes }: Identity, nowMs: number): string {
    const seconds = (ms: number): number => Math.floor(ms / 1_000);
    const claims = {
      iss: INTERNAL.issuer,
      aud: INTERNAL.audience,
      sub: id,
      role,
      ...(roles.length > 1 && { roles }),
      ...(sessionId !== undefined && { sid: sessionId }),
      ...(scopes && scopes.length > 0 && { scope: scopes.join(' ') }),
      iat: seconds(nowMs),
      exp: seconds(nowMs + LIFETIME_MS),
    };
    const { header, privateKey } = this.#key;
    const text = `${header}.${segment(claims)}`;
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
  }
}

function signingKey(privateKey: KeyObject): SigningKey {
  const jwk = internalJwk(createPublicKey(privateKey));
  return { privateKey, header: segment({ alg: 'EdDSA', typ: 'JWT', kid: jwk.kid }), jwks: { keys: [jwk] } };
}

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
