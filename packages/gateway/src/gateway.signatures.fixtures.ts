import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { TestContext } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { jwtIdentities } from './auth/jwt-identities.ts';
import { aGateway, aService, bearer } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

export type Algorithm = 'EdDSA' | 'ES256' | 'RS256';
export type Json = Readonly<Record<string, unknown>>;

export const pairs = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};
export const another = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const short = generateKeyPairSync('rsa', { modulusLength: 1_024 });
export const ALGORITHMS = Object.keys(pairs) as Algorithm[];

export const jwkOf = (algorithm: Algorithm): Json => pairs[algorithm].publicKey.export({ format: 'jwk' });
export const SECRET = Buffer.alloc(32, 7);

/** One set for all: a key that may not be used keeps none of the others from being used. */
const jwks = {
  keys: [
    ...ALGORITHMS.map((alg) => ({ ...jwkOf(alg), kid: alg, alg, use: 'sig' })),
    { ...jwkOf('ES256'), kid: 'without a word' },
    { ...jwkOf('ES256'), kid: 'verify', key_ops: ['verify'] },
    { ...jwkOf('ES256'), kid: 'enc', use: 'enc' },
    { ...jwkOf('ES256'), kid: 'encrypt', key_ops: ['encrypt'] },
    { ...jwkOf('ES256'), kid: 'sign', key_ops: ['sign'] },
    { ...jwkOf('ES256'), kid: 'no operation', key_ops: [] },
    { ...jwkOf('ES256'), kid: 'sig to encrypt', use: 'sig', key_ops: ['encrypt'] },
    { ...jwkOf('RS256'), kid: 'RS384', alg: 'RS384' },
    { ...jwkOf('RS256'), kid: 'for PS256', alg: 'PS256' },
    { ...jwkOf('RS256'), kid: 'exponent 1', e: 'AQ' },
    { ...jwkOf('RS256'), kid: 'exponent 2', e: 'Ag' },
    { ...short.publicKey.export({ format: 'jwk' }), kid: '1024 bits', alg: 'RS256' },
    { ...jwkOf('ES256'), kid: 'told twice' },
    { ...another.publicKey.export({ format: 'jwk' }), kid: 'told twice' },
    { kty: 'oct', kid: 'secret', alg: 'HS256', use: 'sig', k: SECRET.toString('base64url') },
    { ...jwkOf('ES256'), kid: 'beside the curve', y: Buffer.alloc(32, 1).toString('base64url') },
  ],
};

export const base64url = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64url');
export const segment = (value: Json): string => base64url(JSON.stringify(value));
const CLAIMS = segment({ sub: 'u1', exp: Math.floor(Date.now() / 1_000) + 600 });

export type Signer = (text: string) => Buffer;

export const signers: Readonly<Record<Algorithm, Signer>> = {
  EdDSA: (text) => sign(null, Buffer.from(text), pairs.EdDSA.privateKey),
  ES256: (text) => ecdsa(text, pairs.ES256.privateKey),
  RS256: (text) => sign('sha256', Buffer.from(text), pairs.RS256.privateKey),
};

export const ecdsa = (text: string, key: KeyObject, hash = 'sha256'): Buffer =>
  sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });

export function token(header: Json, signer: Signer, payload = CLAIMS): string {
  const text = `${segment(header)}.${payload}`;
  return `${text}.${base64url(signer(text))}`;
}

export const good = (algorithm: Algorithm): string => token({ alg: algorithm, kid: algorithm }, signers[algorithm]);

/** What comes of a token when it opens a door: a real gateway, which reads the keys over HTTP. */
export async function aDoor(t: TestContext) {
  const issuer = await aService(t, (_request, response) => void response.end(JSON.stringify(jwks)));
  const service = await aService(t);
  const routes: readonly Route[] = [{ method: 'GET', path: '/mine', upstream: 'shop', access: 'user' }];
  const verifier = jwtIdentities({ jwks: issuer.url }, systemClock);
  const { ask } = await aGateway(t, [service.url], { routes, verifier, limits: { default: [] } });
  return async (bearing: string): Promise<number> => (await ask('/mine', { headers: bearer(bearing) })).status;
}

export async function allRefused(t: TestContext, traps: Readonly<Record<string, string>>): Promise<void> {
  const knock = await aDoor(t);
  for (const algorithm of ALGORITHMS) strictEqual(await knock(good(algorithm)), 200, algorithm);
  const told: Record<string, number> = {};
  for (const [what, trap] of Object.entries(traps)) told[what] = await knock(trap);
  deepStrictEqual(told, Object.fromEntries(Object.keys(traps).map((what) => [what, 401])));
}
