import { argon2, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { PasswordHasher } from '../../application/ports/password-hasher.interface.ts';
import { Turnstile } from './turnstile.ts';

const argon2Async = promisify(argon2);

/** The least that OWASP asks for: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A storm of sign-ins takes neither all memory nor all of libuv's four threads. */
const LIMITS = { inside: 2, waiting: 400 };

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

interface Parsed {
  readonly cost: typeof COST;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Argon2id off the main thread; the result names its own parameters (PHC string), so that they can grow later. */
export class Argon2PasswordHasher implements PasswordHasher {
  readonly #turnstile = new Turnstile(LIMITS);
  readonly #nobody: Parsed = { cost: COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };

  async hash(password: string, seed?: string): Promise<string> {
    const salt =
      seed === undefined ? randomBytes(SALT_BYTES) : createHash('sha256').update(seed).digest().subarray(0, SALT_BYTES);
    const hash = await this.#derive(password, { cost: COST, salt });
    return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(hash)}`;
  }

  async verify(password: string, hash: string | undefined): Promise<boolean> {
    const expected = hash === undefined ? this.#nobody : parse(hash);
    const derived = await this.#derive(password, expected);
    return timingSafeEqual(derived, expected.hash) && hash !== undefined;
  }

  /** The same password typed on two keyboards may come in two forms: NFKC makes them one. */
  async #derive(password: string, { cost, salt }: Pick<Parsed, 'cost' | 'salt'>): Promise<Buffer> {
    const message = Buffer.from(password.normalize('NFKC'));
    return this.#turnstile.pass(() =>
      argon2Async('argon2id', { message, nonce: salt, tagLength: HASH_BYTES, ...cost }),
    );
  }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function parse(text: string): Parsed {
  const [, memory, passes, parallelism, salt, hash] = PHC.exec(text) ?? [];
  if (!salt || !hash) throw new Error('A stored password hash is not one of ours.');
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}
