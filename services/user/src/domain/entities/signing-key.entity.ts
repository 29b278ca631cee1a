/** The two halves of a key pair, as JSON Web Keys. */
export interface KeyMaterial {
  readonly kid: string;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

export interface SigningKey extends KeyMaterial {
  readonly createdAt: Date;
  readonly signsFrom: Date;
  /** From when on no good token can be signed with it. */
  readonly retiredAt?: Date;
}

/** Longer than anyone keeps the public keys: nobody meets a token before the key that it was signed with. */
const LEAD_MS = 90_000;
/** How far the clocks of those who verify may be behind. */
const LEEWAY_MS = 60_000;

const later = (time: Date, ms: number): Date => new Date(time.getTime() + ms);

/** The very first key signs at once. */
export const firstKey = (material: KeyMaterial, at: Date): SigningKey => ({
  ...material,
  createdAt: at,
  signsFrom: at,
});

/**
 * A new key among the old ones. It is published now and signs a little later; the old ones stay until their last token
 * has expired.
 */
export function rotated(
  keys: readonly SigningKey[],
  material: KeyMaterial,
  { at, tokenMs }: { at: Date; tokenMs: number },
): SigningKey[] {
  const fresh = { ...material, createdAt: at, signsFrom: later(at, LEAD_MS) };
  const retiredAt = later(fresh.signsFrom, tokenMs + LEEWAY_MS);
  return [...published(keys, at).map((key) => ({ ...key, retiredAt: key.retiredAt ?? retiredAt })), fresh];
}

/** The key that signs now. */
export const signingKey = (keys: readonly SigningKey[], now: Date): SigningKey | undefined =>
  keys.filter(({ signsFrom }) => signsFrom <= now).sort((a, b) => b.signsFrom.getTime() - a.signsFrom.getTime())[0];

/** The keys whose tokens may still be good, or will be soon. */
export const published = (keys: readonly SigningKey[], now: Date): SigningKey[] =>
  keys.filter(({ retiredAt }) => retiredAt === undefined || retiredAt > now);
