import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { JSONWebKeySet, JWK } from 'jose';

const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** A gateway's public key as services look it up; its id is its thumbprint (RFC 7638): nobody has to give it one. */
export function internalJwk(key: KeyObject): JWK & { readonly kid: string } {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519') throw new Error('A key of the gateways has to be an Ed25519 key.');
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  return { crv, kty, x: x!, kid, alg: 'EdDSA', use: 'sig' };
}

/** The public keys in a text of PEM, one after another: several while one takes the place of another. */
export function internalKeysIn(pem: string): JSONWebKeySet {
  const keys = (pem.match(PUBLIC_KEY) ?? []).map((one) => internalJwk(createPublicKey(one)));
  if (keys.length === 0) throw new Error('There is no public key.');
  return { keys };
}
