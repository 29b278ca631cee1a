import type { Clock } from '@ashlar/domain';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, type JWTPayload, jwtVerify } from 'jose';
import type { Caller } from './caller.ts';

/** Tells whose token it is. Throws `InvalidTokenError` for a bad one; anything else means that it cannot tell now. */
export interface TokenVerifier {
  verify(token: string): Promise<Caller>;
  /** Whose token it is, where that is known without waiting; undefined otherwise, whatever the reason. */
  known?(token: string): Caller | undefined;
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

/** Verifies tokens and reads what they claim, as a `Result`. */
export interface ClaimsVerifierOptions<Result> {
  readonly jwks: TokenVerifierOptions['jwks'];
  readonly issuer?: string;
  readonly audience?: string;
  readonly clock: Clock;
  readonly requiredClaims: readonly string[];
  /** Reads the claims; throws `InvalidTokenError` where they do not fit. */
  readonly read: (claims: JWTPayload) => Result;
}

/** Whose tokens services take that believe their gateway only. */
export const INTERNAL = { issuer: 'ashlar-gateway', audience: 'ashlar-services' } as const;

const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];
const LONGEST_TOKEN = 4_096;
const REMEMBERED_TOKENS = 10_000;
/** Unknown key ids may not make this server ask for the keys more often than this. */
const ASK_AGAIN_AFTER_MS = 5_000;
/** A key that was withdrawn is trusted no longer than this. */
const KEYS_LIVE_MS = 300_000;
const FETCH_TIMEOUT_MS = 2_000;

interface Verified<Result> {
  readonly result: Result;
  readonly expiresAtMs: number;
}

interface Keys {
  readonly text: string;
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly readAtMs: number;
}

/** Verifies access tokens against the issuer's keys, and remembers the newest it has verified. */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier =>
  createClaimsVerifier({ ...options, requiredClaims: ['sub', 'role', 'sid', 'exp'], read: toCaller });

/** The same for tokens with other claims: JWT signed with EdDSA, ES256 or RS256. */
export const createClaimsVerifier = <Result>(
  options: ClaimsVerifierOptions<Result>,
): { verify(token: string): Promise<Result>; known(token: string): Result | undefined } => new JwtVerifier(options);

class JwtVerifier<Result> {
  readonly #verified = new Map<string, Verified<Result>>();
  readonly #readKeys: () => Promise<JSONWebKeySet>;
  #keys: Keys | undefined;
  #reading: Promise<Keys> | undefined;

  constructor(private readonly options: ClaimsVerifierOptions<Result>) {
    const { jwks } = options;
    this.#readKeys = typeof jwks === 'string' ? () => fetchKeys(jwks) : jwks;
  }

  async verify(token: string): Promise<Result> {
    if (token.length > LONGEST_TOKEN) throw new InvalidTokenError('The token is too long.');
    if (!isCompactJws(token)) throw new InvalidTokenError('The token is not one.');
    const keys = await this.#freshKeys();
    const known = this.#verified.get(token);
    if (known) return this.#remembered(token, known);
    const payload = await this.#check(token, keys);
    const result = this.options.read(payload);
    this.#remember(token, { result, expiresAtMs: payload.exp! * 1_000 });
    return result;
  }

  known(token: string): Result | undefined {
    const known = this.#verified.get(token);
    if (!known || !this.#keys) return undefined;
    const nowMs = this.#nowMs();
    // Old keys are read anew by whoever waits.
    if (known.expiresAtMs <= nowMs || nowMs - this.#keys.readAtMs >= KEYS_LIVE_MS) return undefined;
    return known.result;
  }

  #remembered(token: string, known: Verified<Result>): Result {
    this.#verified.delete(token);
    if (known.expiresAtMs <= this.#nowMs()) throw new InvalidTokenError('The token has expired.');
    this.#verified.set(token, known);
    return known.result;
  }

  #remember(token: string, verified: Verified<Result>): void {
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
    const { issuer, audience, clock, requiredClaims } = this.options;
    const { payload } = await jwtVerify(token, find, {
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
      algorithms: ALGORITHMS,
      currentDate: clock.now(),
      requiredClaims: [...new Set([...requiredClaims, 'exp'])],
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
    this.#keys = { text, find: createLocalJWKSet({ keys: jwks.keys.filter(verifies) }), readAtMs: this.#nowMs() };
    return this.#keys;
  }

  #nowMs(): number {
    return this.options.clock.now().getTime();
  }
}

const SEGMENT = /^[\w-]+$/;
/** The last characters that can end a segment of two or three characters too many: the bits that mean nothing are 0. */
const CANONICAL_END: Readonly<Record<number, RegExp>> = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ };

/**
 * Exactly three segments of base64url without padding, each written in the one way there is (RFC 7515, appendix C;
 * RFC 4648, section 3.5): no two texts are the same token.
 */
function isCompactJws(token: string): boolean {
  const segments = token.split('.');
  return segments.length === 3 && segments.every(isBase64Url);
}

function isBase64Url(segment: string): boolean {
  const rest = segment.length % 4;
  return SEGMENT.test(segment) && rest !== 1 && (rest === 0 || CANONICAL_END[rest]!.test(segment));
}

/** Keys for other things than checking signatures check none, and a secret key is no public one. */
const verifies = ({ use, key_ops, kty, n, e }: JWK): boolean =>
  (use === undefined || use === 'sig') &&
  (key_ops === undefined || key_ops.includes('verify')) &&
  kty !== 'oct' &&
  (kty !== 'RSA' || isSafeRsa(n, e));

const SHORTEST_MODULUS_BYTES = 256;

/** With an exponent of 1 everybody can sign; an even one is none. */
function isSafeRsa(modulus = '', exponent = ''): boolean {
  const bytes = Buffer.from(exponent, 'base64url');
  const value = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
  return value >= 3n && value % 2n === 1n && Buffer.from(modulus, 'base64url').length >= SHORTEST_MODULUS_BYTES;
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`The issuer's keys cannot be read: status ${response.status}.`);
  return (await response.json()) as JSONWebKeySet;
}

/** The keys are here already: what fails now is the token, or a key that cannot check any. */
const asInvalid = (cause: unknown): InvalidTokenError => new InvalidTokenError('The token is not valid.', { cause });

function toCaller({ sub, role, sid, iat, exp }: JWTPayload): Caller {
  if (typeof sub !== 'string' || sub === '') throw new InvalidTokenError('The token names nobody.');
  if (role !== 'customer' && role !== 'admin') throw new InvalidTokenError('The token has no known role.');
  if (typeof sid !== 'string') throw new InvalidTokenError('The token has no session.');
  return {
    id: sub,
    role,
    sessionId: sid,
    ...(typeof iat === 'number' && { issuedAtMs: iat * 1_000 }),
    ...(typeof exp === 'number' && { expiresAtMs: exp * 1_000 }),
  };
}
