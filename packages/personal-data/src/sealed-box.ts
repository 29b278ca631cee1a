import { createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Sealed } from '@ashlar/domain';
import { type Bound, decrypt, encrypt, KEY_BYTES, NONCE_BYTES, type RandomBytes } from './cipher.ts';

/** Marks what was sealed for a key by someone who has only its public half. */
const BOX = 'box.';
/** DER around 32 bytes of an X25519 key (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');
/** The key of each box is drawn for it, and so it needs no other nonce. */
const NONCE = Buffer.alloc(NONCE_BYTES);

export const isBox = (sealed: string): boolean => sealed.startsWith(BOX);

/** The public half of a person's key: others seal with it what only the keeper of the key opens. */
export const publicKeyOf = (key: Buffer): string => rawOf(createPublicKey(privateHalf(key))).toString('base64');

/** Seals a value for the keeper of a key (X25519, HKDF-SHA-256, AES-256-GCM): not even the sender opens it again. */
export function sealFor(
  publicKey: string,
  { value, ...bound }: Bound & { readonly value: unknown },
  bytes: RandomBytes = randomBytes,
): Sealed {
  const ours = privateKeyFrom(bytes(KEY_BYTES));
  const theirs = Buffer.from(publicKey, 'base64');
  const sender = rawOf(createPublicKey(ours));
  const key = boxKey(diffieHellman({ privateKey: ours, publicKey: publicKeyFrom(theirs) }), sender, theirs);
  const sealed = encrypt(key, NONCE, { text: JSON.stringify(value), bound });
  return { of: bound.of, as: bound.as, sealed: BOX + Buffer.concat([sender, sealed]).toString('base64') };
}

export function openBox(key: Buffer, { sealed, bound }: { sealed: string; bound: Bound }): string {
  const bytes = Buffer.from(sealed.slice(BOX.length), 'base64');
  const [sender, ciphertext] = [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)];
  const ours = privateHalf(key);
  const shared = diffieHellman({ privateKey: ours, publicKey: publicKeyFrom(sender) });
  return decrypt(boxKey(shared, sender, rawOf(createPublicKey(ours))), NONCE, { sealed: ciphertext, bound });
}

/** Each use of a person's key has a key of its own. */
const privateHalf = (key: Buffer): KeyObject =>
  privateKeyFrom(Buffer.from(hkdfSync('sha256', key, '', 'ashlar personal data: box', KEY_BYTES)));

const boxKey = (shared: Buffer, sender: Buffer, receiver: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', shared, Buffer.concat([sender, receiver]), 'ashlar box', KEY_BYTES));

const privateKeyFrom = (raw: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PRIVATE, raw]), format: 'der', type: 'pkcs8' });

const publicKeyFrom = (raw: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC, raw]), format: 'der', type: 'spki' });

/** By way of JWK, which takes a twentieth of the time that DER does. */
const rawOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
