import type { Clock } from '@ashlar/domain';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import type { Caller } from './caller.ts';

/** Tells whose token it is. Throws `InvalidTokenError` for a bad one; anything else means that it cannot tell now. */
export interface TokenVerifier {
  verify(token: string): Promise<Caller>;
}

export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

export interface TokenVerifierOptions {
  /** The issuer's public keys, or their address. */
  readonly jwks: string | (() => Promise<JSONWebKeySet>);
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
}

const ALGORITHMS = ['EdDSA', 'ES256'];
const LONGEST_TOKEN = 4_096;
const REMEMBERED_TOKENS = 10_000;
/** Unknown key ids may not make this server ask for the keys more often than this. */
const ASK_AGAIN_AFTER_MS = 5_000;
/** A key that was withdrawn is trusted no longer than this. */
const KEYS_LIVE_MS = 300_000;
const FETCH_TIMEOUT_MS = 2_000;

interface Verified {
  readonly caller: Caller;
  readonly expiresAtMs: number;
}

interface Keys {
  readonly text: string;
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly readAtMs: number;
}

/** Verifies access tokens (JWT, EdDSA or ES256) against the issuer's keys, and remembers the newest it has verified. */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => new JwtVerifier(options);

class JwtVerifier implements TokenVerifier {
  readonly #verified = new Map<string, Verified>();
  readonly #readKeys: () => Promise<JSONWebKeySet>;
  #keys: Keys | undefined;
  #reading: Promise<Keys> | undefined;

  constructor(private readonly options: TokenVerifierOptions) {
    const { jwks } = options;
    this.#readKeys = typeof jwks === 'string' ? () => fetchKeys(jwks) : jwks;
  }

  async verify(token: string): Promise<Caller> {
    if (token.length > LONGEST_TOKEN) throw new InvalidTokenError('The token is too long.');
    const keys = await this.#freshKeys();
    const known = this.#verified.get(token);
    if (known) return this.#remembered(token, known);
    const payload = await this.#check(token, keys);
    const verified = { caller: toCaller(payload), expiresAtMs: payload.exp! * 1_000 };
    this.#remember(token, verified);
    return verified.caller;
  }

  #remembered(token: string, known: Verified): Caller {
    this.#verified.delete(token);
    if (known.expiresAtMs <= this.#nowMs()) throw new InvalidTokenError('The token has expired.');
    this.#verified.set(token, known);
    return known.caller;
  }

  #remember(token: string, verified: Verified): void {
    if (this.#verified.size >= REMEMBERED_TOKENS) this.#verified.delete(this.#verified.keys().next().value!);
    this.#verified.set(token, verified);
  }

  async #check(token: string, keys: Keys): Promise<JWTPayload> {
    try {
      return await this.#checkWith(token, keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw asInvalid(error);
    }
    if (this.#nowMs() - keys.readAtMs < ASK_AGAIN_AFTER_MS) throw new InvalidTokenError('The key is not known.');
    const newer = await this.#read();
    return this.#checkWith(token, newer).catch((error) => Promise.reject(asInvalid(error)));
  }

  async #checkWith(token: string, { find }: Keys): Promise<JWTPayload> {
    const { issuer, audience, clock } = this.options;
    const { payload } = await jwtVerify(token, find, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      currentDate: clock.now(),
      requiredClaims: ['sub', 'role', 'sid', 'exp'],
    });
    return payload;
  }

  /** The first keys are waited for; later ones are read beside the work, and the old ones serve until they are here. */
  async #freshKeys(): Promise<Keys> {
    if (!this.#keys) return this.#read();
    const ageMs = this.#nowMs() - this.#keys.readAtMs;
    if (ageMs >= KEYS_LIVE_MS * 2) return this.#read();
    if (ageMs >= KEYS_LIVE_MS) this.#read().catch(() => {});
    return this.#keys;
  }

  #read(): Promise<Keys> {
    this.#reading ??= this.#readAndReplace().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAndReplace(): Promise<Keys> {
    const jwks = await this.#readKeys();
    const text = JSON.stringify(jwks);
    const changed = this.#keys !== undefined && this.#keys.text !== text;
    if (changed) this.#verified.clear();
    this.#keys = { text, find: createLocalJWKSet(jwks), readAtMs: this.#nowMs() };
    return this.#keys;
  }

  #nowMs(): number {
    return this.options.clock.now().getTime();
  }
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`The issuer's keys cannot be read: status ${response.status}.`);
  return (await response.json()) as JSONWebKeySet;
}

const asInvalid = (error: unknown): unknown =>
  error instanceof errors.JOSEError ? new InvalidTokenError('The token is not valid.', { cause: error }) : error;

function toCaller({ sub, role, sid }: JWTPayload): Caller {
  if (typeof sub !== 'string' || sub === '') throw new InvalidTokenError('The token names nobody.');
  if (role !== 'customer' && role !== 'admin') throw new InvalidTokenError('The token has no known role.');
  if (typeof sid !== 'string') throw new InvalidTokenError('The token has no session.');
  return { id: sub, role, sessionId: sid };
}
