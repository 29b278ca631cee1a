import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { constants, createHash, createHmac, privateEncrypt, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  ALGORITHMS,
  type Algorithm,
  aDoor,
  allRefused,
  another,
  base64url,
  ecdsa,
  good,
  type Json,
  jwkOf,
  pairs,
  SECRET,
  type Signer,
  segment,
  short,
  signers,
  token,
} from './gateway.signatures.fixtures.ts';

/** The first character is another one: the bytes are others. */
const modified = (part: string): string => `${part[0] === 'A' ? 'B' : 'A'}${part.slice(1)}`;

for (const algorithm of ALGORITHMS) {
  test(`of a token signed by ${algorithm} nothing may be missing, added or changed`, async (t) => {
    const [header, payload, signature] = good(algorithm).split('.') as [string, string, string];
    const other = segment({ alg: algorithm, kid: 'X' });
    await allRefused(t, {
      'a modified signature': `${header}.${payload}.${modified(signature)}`,
      'no signature': `${header}.${payload}.`,
      'no signature and no separator': `${header}.${payload}`,
      'a modified payload': `${header}.${segment({ sub: 'root', exp: 9e9 })}.${signature}`,
      'no payload': `${header}..${signature}`,
      'no payload and no separator': `${header}.${signature}`,
      'a modified header': `${other}.${payload}.${signature}`,
      'no header': `.${payload}.${signature}`,
      'no header and no separator': `${payload}.${signature}`,
      'a payload between separators': `.${payload}.`,
      'a payload alone': payload,
      'separators alone': '..',
      'an empty fourth part': `${header}.${payload}.${signature}.`,
      'a fourth part': `${header}.${payload}.${signature}.Zm9v`,
      'a fifth part': `${header}.${payload}.${signature}.Zm9v.Zm9v`,
      'the form of JSON': JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
      'the flat form of JSON': JSON.stringify({ payload, protected: header, signature }),
      'half a signature': `${header}.${payload}.${signature.slice(0, 40)}`,
      'a signature twice': `${header}.${payload}.${signature}${signature}`,
    });
  });
}

const pem = (algorithm: Algorithm): string =>
  String(pairs[algorithm].publicKey.export({ type: 'spki', format: 'pem' }));
const der = (algorithm: Algorithm): Buffer => pairs[algorithm].publicKey.export({ type: 'spki', format: 'der' });
const hmac =
  (secret: string | Buffer, hash = 'sha256'): Signer =>
  (text) =>
    createHmac(hash, secret).update(text).digest();
const unsigned = (alg: string, kid = 'ES256'): string => token({ alg, kid }, () => Buffer.alloc(0));

test('which algorithm a key is for is told by the key, never by the token', async (t) => {
  const confusing = ALGORITHMS.flatMap((kid) => [
    [`the text of the public key as a secret (${kid})`, token({ alg: 'HS256', kid }, hmac(pem(kid)))],
    [`its trimmed text as a secret (${kid})`, token({ alg: 'HS256', kid }, hmac(pem(kid).trim()))],
    [`its bytes as a secret (${kid})`, token({ alg: 'HS256', kid }, hmac(der(kid)))],
    [`nothing as a secret (${kid})`, token({ alg: 'HS256', kid }, hmac(''))],
    [`a coordinate or a modulus as a secret (${kid})`, token({ alg: 'HS256', kid }, hmac(secretOf(kid)))],
    [`its bytes as a longer secret (${kid})`, token({ alg: 'HS512', kid }, hmac(der(kid), 'sha512'))],
    ...['none', 'None', 'NONE', 'nOnE', ''].map((alg) => [
      `the algorithm ${alg || 'of no name'} (${kid})`,
      unsigned(alg, kid),
    ]),
    ...ALGORITHMS.filter((alg) => alg !== kid).map((alg) => [
      `${alg} with a key of ${kid}`,
      token({ alg, kid }, signers[alg]),
    ]),
  ]);
  const pss: Signer = (text) =>
    sign('sha256', Buffer.from(text), {
      key: pairs.RS256.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    });
  await allRefused(t, {
    ...Object.fromEntries(confusing),
    'a secret key of the set': token({ alg: 'HS256', kid: 'secret' }, hmac(SECRET)),
    'no algorithm': token({ kid: 'ES256' }, signers.ES256),
    'an algorithm that is no text': token({ alg: ['ES256'], kid: 'ES256' }, signers.ES256),
    'a longer hash': token({ alg: 'ES384', kid: 'ES256' }, (text) => ecdsa(text, pairs.ES256.privateKey, 'sha384')),
    'a longer hash under the right name': token({ alg: 'ES256', kid: 'ES256' }, (text) =>
      ecdsa(text, pairs.ES256.privateKey, 'sha384'),
    ),
    RS384: token({ alg: 'RS384', kid: 'RS256' }, (text) => sign('sha384', Buffer.from(text), pairs.RS256.privateKey)),
    'RS256 with SHA-1': token({ alg: 'RS256', kid: 'RS256' }, (text) =>
      sign('sha1', Buffer.from(text), pairs.RS256.privateKey),
    ),
    PS256: token({ alg: 'PS256', kid: 'RS256' }, pss),
    'PS256 under the name of RS256': token({ alg: 'RS256', kid: 'RS256' }, pss),
    'RS256 with a key for RS384': token({ alg: 'RS256', kid: 'RS384' }, signers.RS256),
    'RS256 with a key for PS256': token({ alg: 'RS256', kid: 'for PS256' }, signers.RS256),
  });
});

function secretOf(algorithm: Algorithm): Buffer {
  const { x, n } = jwkOf(algorithm);
  return Buffer.from(String(x ?? n), 'base64url');
}

test('a key is used for what it is for, and a token brings none of its own', async (t) => {
  const es256 = (kid: string, more: Json = {}): string => token({ alg: 'ES256', kid, ...more }, signers.ES256);
  const foreign: Signer = (text) => ecdsa(text, another.privateKey);
  const jwk = another.publicKey.export({ format: 'jwk' });
  const encoded = (text: string): Buffer => pkcs1(SHA256_INFO, createHash('sha256').update(text).digest());
  const knock = await aDoor(t);
  deepStrictEqual([await knock(es256('without a word')), await knock(es256('verify'))], [200, 200]);
  await allRefused(t, {
    ...Object.fromEntries(
      ['enc', 'encrypt', 'sign', 'no operation', 'sig to encrypt', 'told twice', 'beside the curve', 'nobody’s'].map(
        (kid) => [kid, es256(kid)],
      ),
    ),
    'a key in the token': token({ alg: 'ES256', kid: 'ES256', jwk }, foreign),
    'a key in the token alone': token({ alg: 'ES256', jwk }, foreign),
    'a place of a key': token({ alg: 'ES256', kid: 'ES256', jku: 'http://127.0.0.1:1/keys' }, foreign),
    'a place of a certificate': token({ alg: 'ES256', kid: 'ES256', x5u: 'http://127.0.0.1:1/c' }, foreign),
    'a critical extension': es256('ES256', { crit: ['exp'], exp: 1 }),
    'a critical extension of no name': es256('ES256', { crit: [] }),
    'a payload that is not encoded': es256('ES256', { crit: ['b64'], b64: false }),
    'a short modulus': token({ alg: 'RS256', kid: '1024 bits' }, (text) =>
      sign('sha256', Buffer.from(text), short.privateKey),
    ),
    'an exponent of 1, for which everybody can sign': token({ alg: 'RS256', kid: 'exponent 1' }, encoded),
    'an even exponent': token({ alg: 'RS256', kid: 'exponent 2' }, encoded),
  });
});

test('a token is written in strict base64url, in the one way there is', async (t) => {
  const [header, payload, signature] = good('ES256').split('.') as [string, string, string];
  const signed = (text: string): string => `${text}.${base64url(signers.ES256(text))}`;
  const odd = [' ', '\t', '?', '#', '=', '%', '+', '/', '*', ',', ':', '~', '\u00e4'];
  const inserted = odd.flatMap((character) => [
    [`${character} in the header`, `${header.slice(0, 8)}${character}${header.slice(8)}.${payload}.${signature}`],
    [`${character} behind the payload`, `${header}.${payload}${character}.${signature}`],
    [`${character} in the signature`, `${header}.${payload}.${signature.slice(0, 9)}${character}${signature.slice(9)}`],
    [`${character} in what was signed`, signed(`${header}.${payload.slice(0, 4)}${character}${payload.slice(4)}`)],
  ]);
  // Blanks around a header's value are none of its own.
  const around = odd.slice(2).flatMap((character) => [
    [`${character} before the header`, `${character}${header}.${payload}.${signature}`],
    [`${character} behind the signature`, `${header}.${payload}.${signature}${character}`],
  ]);
  // 64 bytes are 86 characters: the last one carries four bits that mean nothing.
  const last = signature.at(-1)!;
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const idle = `${signature.slice(0, -1)}${ALPHABET[ALPHABET.indexOf(last) + 1]}`;
  await allRefused(t, {
    ...Object.fromEntries([...inserted, ...around]),
    'idle bits': `${header}.${payload}.${idle}`,
    'padding that fits': `${header}.${payload}.${signature}==`,
    'a character too many': `${header}.${payload}.${signature}AAA`,
    'a header that is no JSON': signed(`${base64url('{"alg":"ES256"')}.${payload}`),
    'a header that is a list': signed(`${base64url('["ES256"]')}.${payload}`),
    'a payload that is no JSON': signed(`${header}.${base64url('foo')}`),
    'a payload that is a text': signed(`${header}.${base64url('"u1"')}`),
  });
});

const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const integer = (value: bigint, bytes = 32): Buffer => Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex');

test('a signature of ES256 is two integers of 32 bytes within the order of the curve', async (t) => {
  const with_ = (signature: (good: Buffer, text: string) => Buffer): string =>
    token({ alg: 'ES256', kid: 'ES256' }, (text) => signature(signers.ES256(text), text));
  const halves = (both: Buffer) => [both.subarray(0, 32), both.subarray(32)] as const;
  const numberOf = (half: Buffer): bigint => BigInt(`0x${half.toString('hex')}`);
  const special = { 0: 0n, 1: 1n, 'n - 1': ORDER - 1n, n: ORDER, 'all bits': 2n ** 256n - 1n };
  const edges = Object.entries(special).flatMap(([r, first]) =>
    Object.entries(special).map(([s, second]) => [
      `r is ${r}, s is ${s}`,
      with_(() => Buffer.concat([integer(first), integer(second)])),
    ]),
  );
  await allRefused(t, {
    ...Object.fromEntries(edges),
    'in DER': with_((_, text) => sign('sha256', Buffer.from(text), pairs.ES256.privateKey)),
    'with leading zeros': with_((both) =>
      Buffer.concat([Buffer.alloc(1), halves(both)[0], Buffer.alloc(1), halves(both)[1]]),
    ),
    'with trailing zeros': with_((both) => Buffer.concat([both, Buffer.alloc(2)])),
    'with r beyond the order': with_((both) =>
      Buffer.concat([integer(numberOf(halves(both)[0]) + ORDER, 33), Buffer.alloc(1), halves(both)[1]]),
    ),
    'with s beyond the order': with_((both) =>
      Buffer.concat([Buffer.alloc(1), halves(both)[0], integer(numberOf(halves(both)[1]) + ORDER, 33)]),
    ),
    'that overflows': with_((both) =>
      Buffer.concat([Buffer.alloc(256), halves(both)[0], Buffer.alloc(256), halves(both)[1]]),
    ),
    'of r alone': with_((both) => halves(both)[0]),
    'turned round': with_((both) => Buffer.concat([halves(both)[1], halves(both)[0]])),
  });
});

const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** The block that RSA signs (RFC 8017, section 9.2), 256 bytes. */
function pkcs1(info: Buffer, digest: Buffer, fill = Buffer.alloc(253 - info.length - digest.length, 0xff)): Buffer {
  return Buffer.concat([Buffer.from([0, 1]), fill, Buffer.from([0]), info, digest]).subarray(0, 256);
}

test('the padding of a signature of RS256 is right to the last bit', async (t) => {
  const of = (block: (digest: Buffer) => Buffer): string =>
    token({ alg: 'RS256', kid: 'RS256' }, (text) => {
      const made = block(createHash('sha256').update(text).digest());
      return privateEncrypt({ key: pairs.RS256.privateKey, padding: constants.RSA_NO_PADDING }, made);
    });
  const right = (digest: Buffer): Buffer => pkcs1(SHA256_INFO, digest);
  const changed = (at: number, to: number) => (digest: Buffer) => {
    const block = right(digest);
    block[at] = to;
    return block;
  };
  const info = (hex: string) => (digest: Buffer) => pkcs1(Buffer.from(hex, 'hex'), digest);
  strictEqual(await (await aDoor(t))(of(right)), 200, 'the block is made as it should be');
  await allRefused(t, {
    'a first byte that is none': of(changed(0, 1)),
    'another type of block': of(changed(1, 2)),
    'a type of 0': of(changed(1, 0)),
    'a hole in the fill': of(changed(5, 0xfe)),
    'an early end of the fill': of(changed(20, 0)),
    'no end of the fill': of(changed(204, 0xff)),
    'another end of the fill': of(changed(204, 1)),
    'a wrong length of the whole': of(changed(206, 0x30)),
    'a wrong length of the algorithm': of(changed(208, 0x0e)),
    'another hash by name': of(changed(219, 2)),
    'another tag': of(changed(222, 5)),
    'no parameters': of(info('302f300b0609608648016503040201' + '0420')),
    'lengths in the long form': of(info('308131300d060960864801650304020105000420')),
    'the hash alone': of((digest) => pkcs1(Buffer.alloc(0), digest)),
    'little fill, and rubbish behind': of((digest) =>
      Buffer.concat([pkcs1(SHA256_INFO, digest, Buffer.alloc(8, 0xff)), Buffer.alloc(256)]).subarray(0, 256),
    ),
    'rubbish in the parameters': of((digest) =>
      pkcs1(Buffer.from(`3041301d06096086480165030402010510${'aa'.repeat(16)}0420`, 'hex'), digest),
    ),
  });
});
