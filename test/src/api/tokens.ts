import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expectStatus } from '../shop/member.ts';
import { refused, type StageTests } from './stage.ts';

type Claims = Readonly<Record<string, unknown>>;

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

const partsOf = (token: string): readonly [Claims, Claims, string] => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;
  return [decode(header), decode(payload), signature];
};

export const tokens: StageTests = {
  'nobody is believed without a signature of ours over exactly what is claimed': async ({ alice, api }) => {
    const [header, payload, signature] = partsOf(alice.token);
    const { privateKey } = generateKeyPairSync('ed25519');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const later = { ...payload, exp: Number(payload['exp']) + 3_600 };
    const asAdmin = { ...payload, role: 'admin' };
    const forged: Readonly<Record<string, string>> = {
      'alg none': `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`,
      'alg None, with a signature': `${encode({ ...header, alg: 'None' })}.${encode(payload)}.${signature}`,
      'alg HS256': `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}.${signature}`,
      'another key under our name': signed(header, payload, privateKey),
      'another key under no name': signed({ alg: 'EdDSA' }, payload, privateKey),
      'another algorithm': signed({ ...header, alg: 'RS256' }, payload, rsa),
      'a key brought along': signed({ ...header, jwk: { kty: 'OKP' } }, payload, privateKey),
      'a key from elsewhere': signed({ ...header, jku: 'http://example.com/keys' }, payload, privateKey),
      'a longer life': `${encode(header)}.${encode(later)}.${signature}`,
      'another role': `${encode(header)}.${encode(asAdmin)}.${signature}`,
      'no signature': alice.token.split('.').slice(0, 2).join('.'),
      'half a signature': alice.token.slice(0, -10),
      'a flipped letter': alice.token.slice(0, -2) + (alice.token.at(-2) === 'A' ? 'B' : 'A') + alice.token.at(-1),
      'no token at all': 'x',
      'five parts': `${alice.token}.x.y`,
      'a long one': 'x'.repeat(8_000),
    };
    const believed: string[] = [];
    for (const [name, token] of Object.entries(forged)) {
      const answer = await api.call('GET /v1/users/me', { token });
      if (answer.status !== 401) believed.push(`${name}: ${answer.status}`);
    }
    deepStrictEqual(believed, []);
    expectStatus(200, await api.call('GET /v1/users/me', { token: alice.token }));
  },

  'what a client holds is worth nothing at a service itself': async ({ admin, alice, api }) => {
    const answer = await api.call('GET /ops/services', { token: admin.token });
    const { items } = answer.body as { items: readonly { service: string; replicas: readonly { url: string }[] }[] };
    const url = items.find(({ service }) => service === 'user')?.replicas[0]?.url ?? '';
    const headers = { authorization: `Bearer ${alice.token}` };
    strictEqual((await fetch(`${url}/v1/users/me`, { headers })).status, 401);
    expectStatus(200, await api.call('GET /v1/users/me', { token: alice.token }));
  },

  'only a bearer token tells who one is': async ({ alice, api }) => {
    for (const authorization of [
      alice.token,
      `Basic ${alice.token}`,
      `Bearer ${alice.token} x`,
      'Bearer',
      `Token ${alice.token}`,
      'Bearer null',
    ]) {
      refused(await api.call('GET /v1/users/me', { headers: { authorization } }), '401 unauthenticated');
    }
    expectStatus(200, await api.call('GET /v1/users/me', { headers: { authorization: `bearer ${alice.token}` } }));
  },

  'nobody becomes somebody else by a header': async ({ admin, alice, api }) => {
    const headers = {
      'x-user-id': admin.id,
      'x-user-role': 'admin',
      'x-forwarded-user': admin.id,
      'x-ashlar-caller': admin.id,
      'x-internal': '1',
    };
    refused(await api.call('GET /v1/users/me', { headers }), '401 unauthenticated');
    refused(await alice.call('GET /v1/users', { headers }), '403 forbidden');
    refused(
      await alice.call('GET /v1/users', { headers: { 'x-http-method-override': 'POST', 'x-original-url': '/livez' } }),
      '403 forbidden',
    );
  },

  'a bad token does not keep anybody from what is public': async ({ api }) => {
    expectStatus(200, await api.call('GET /v1/products', { token: 'x.y.z' }));
  },
};

function signed(header: Claims, payload: Claims, key: KeyObject): string {
  const content = `${encode(header)}.${encode(payload)}`;
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  return `${content}.${sign(algorithm, Buffer.from(content), key).toString('base64url')}`;
}
