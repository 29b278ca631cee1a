import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import { createTokenVerifier, InvalidTokenError } from './token-verifier.ts';

const START_S = 1_800_000_000;

async function aKey(kid: string, alg = 'EdDSA') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

const first = await aKey('k1');
const second = await aKey('k2', 'ES256');
const rsa = await aKey('k3', 'PS256');

const sign = (key: Awaited<ReturnType<typeof aKey>>, claims: JWTPayload = {}) =>
  new SignJWT({ role: 'customer', sid: 's1', sub: 'u1', iss: 'ashlar', aud: 'ashlar', exp: START_S + 900, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .sign(key.privateKey);

function setUp(keys: JSONWebKeySet['keys'] = [first.jwk]) {
  const world = { nowS: START_S, keys, reads: 0 };
  const jwks = async () => {
    world.reads++;
    return { keys: world.keys };
  };
  const clock = { now: () => new Date(world.nowS * 1_000) };
  return { world, verifier: createTokenVerifier({ jwks, issuer: 'ashlar', audience: 'ashlar', clock }) };
}

test('a token tells who asks, in which role and session, and how long', async () => {
  const { verifier } = setUp();
  const caller = { id: 'u1', role: 'customer', sessionId: 's1', expiresAtMs: (START_S + 900) * 1_000 };
  deepStrictEqual(await verifier.verify(await sign(first)), caller);
});

test('a token is bad when it is expired, forged, of another issuer or audience, or without its claims', async () => {
  const { verifier } = setUp([first.jwk, rsa.jwk]);
  const forger = await aKey('k1');
  const bad = [
    sign(first, { exp: START_S - 1 }),
    sign(forger),
    sign(first, { iss: 'other' }),
    sign(first, { aud: 'other' }),
    sign(first, { role: 'god' }),
    sign(first, { sid: undefined }),
    sign(first, { sub: '' }),
    sign(rsa),
    Promise.resolve('not.a.token'),
    Promise.resolve('x'.repeat(5_000)),
  ];
  for (const token of bad) await rejects(verifier.verify(await token), InvalidTokenError);
});

test('a token without a signature is bad', async () => {
  const { verifier } = setUp();
  const [, payload] = (await sign(first)).split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  await rejects(verifier.verify(`${none}.${payload}.`), InvalidTokenError);
});

test('a token that was verified once still expires', async () => {
  const { world, verifier } = setUp();
  const token = await sign(first);
  await verifier.verify(token);
  world.nowS += 899;
  await verifier.verify(token);
  world.nowS += 1;
  await rejects(verifier.verify(token), InvalidTokenError);
});

test('a key that is new is looked for, but forged key ids cannot make it ask again and again', async () => {
  const { world, verifier } = setUp();
  await verifier.verify(await sign(first));
  strictEqual(world.reads, 1);
  world.keys = [first.jwk, second.jwk];
  await rejects(verifier.verify(await sign(second)), InvalidTokenError);
  strictEqual(world.reads, 1);
  world.nowS += 5;
  strictEqual((await verifier.verify(await sign(second))).id, 'u1');
  strictEqual(world.reads, 2);
  const unknown = await aKey('k9');
  for (let n = 0; n < 5; n++) await rejects(verifier.verify(await sign(unknown)), InvalidTokenError);
  strictEqual(world.reads, 2);
});

test('a key that was withdrawn is not trusted for long, not even for tokens that it signed before', async () => {
  const { world, verifier } = setUp();
  const token = await sign(first);
  await verifier.verify(token);
  world.keys = [second.jwk];
  world.nowS += 600;
  await rejects(verifier.verify(token), InvalidTokenError);
});

test('keys that cannot be read are no verdict on the token', async () => {
  const jwks = () => Promise.reject(new Error('away'));
  const clock = { now: () => new Date(START_S * 1_000) };
  const verifier = createTokenVerifier({ jwks, issuer: 'ashlar', audience: 'ashlar', clock });
  await rejects(verifier.verify(await sign(first)), (error) => !(error instanceof InvalidTokenError));
});

test('a token has one spelling: padding, a fourth segment or idle bits make it none', async () => {
  const { verifier } = setUp();
  const token = await sign(first);
  await verifier.verify(token);
  const [header, payload, signature = ''] = token.split('.');
  const idle = signature.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1));
  const other = [`${token}.`, `.${token}`, `${token}=`, `${token}.${signature}`, `${header}.${payload}`, `${token}\n`];
  for (const one of [...other, `${header}.${payload}.${idle}`, `${header}=.${payload}.${signature}`]) {
    await rejects(verifier.verify(one), InvalidTokenError, one);
  }
});

test('a key that is for something else checks no signature', async () => {
  for (const change of [{ use: 'enc' }, { key_ops: ['sign'] }, { key_ops: ['encrypt'] }]) {
    const { verifier } = setUp([{ ...first.jwk, ...change }]);
    await rejects(verifier.verify(await sign(first)), InvalidTokenError);
  }
  const { verifier } = setUp([{ ...first.jwk, key_ops: ['verify'] }]);
  await verifier.verify(await sign(first));
});

test('RS256 is known as well, and a key counts for its own algorithm only', async () => {
  const key = await aKey('k4', 'RS256');
  const { verifier } = setUp([key.jwk]);
  strictEqual((await verifier.verify(await sign(key))).id, 'u1');
  const confused = await new SignJWT({ sub: 'u1', role: 'admin', sid: 's', exp: START_S + 9 })
    .setProtectedHeader({ alg: 'HS256', kid: 'k4' })
    .sign(new TextEncoder().encode(JSON.stringify(key.jwk)));
  await rejects(verifier.verify(confused), InvalidTokenError);
});
