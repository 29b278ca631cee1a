import { randomBytes } from 'node:crypto';
import type { Sealed } from '@ashlar/domain';
import { type Bound, decrypt, encrypt, NONCE_BYTES, type RandomBytes } from './cipher.ts';
import { isBox, openBox } from './sealed-box.ts';

/** Seals a value with the key of its owner. */
export function seal(
  key: Buffer,
  { value, ...bound }: Bound & { readonly value: unknown },
  bytes: RandomBytes = randomBytes,
): Sealed {
  const nonce = bytes(NONCE_BYTES);
  const sealed = encrypt(key, nonce, { text: JSON.stringify(value), bound });
  return { of: bound.of, as: bound.as, sealed: Buffer.concat([nonce, sealed]).toString('base64') };
}

/** What was sealed with this key, or for it. Throws where it was not, or was changed, or belonged to someone else. */
export function open(key: Buffer, { of, as, sealed }: Sealed): unknown {
  const bound = { of, as };
  if (isBox(sealed)) return JSON.parse(openBox(key, { sealed, bound }));
  const bytes = Buffer.from(sealed, 'base64');
  const [nonce, ciphertext] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
  return JSON.parse(decrypt(key, nonce, { sealed: ciphertext, bound }));
}
