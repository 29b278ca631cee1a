import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Draws so many bytes that nobody can guess; a simulation hands in its own. */
export type RandomBytes = (count: number) => Buffer;

const CIPHER = 'aes-256-gcm';
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a ciphertext is bound to: under another owner or another name it does not open. */
export interface Bound {
  readonly of: string;
  readonly as: string;
}

const boundTo = ({ of, as }: Bound): Buffer => Buffer.from(JSON.stringify([of, as]));

/** AES-256-GCM: ciphertext and tag. A nonce serves once for each key. */
export function encrypt(key: Buffer, nonce: Buffer, { text, bound }: { text: string; bound: Bound }): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(boundTo(bound));
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Throws where a bit was changed, or the key or what it is bound to is another. */
export function decrypt(key: Buffer, nonce: Buffer, { sealed, bound }: { sealed: Buffer; bound: Bound }): string {
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(bound));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
}
