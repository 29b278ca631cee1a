/** Turns passwords into something that is safe to keep. Slow on purpose. */
export interface PasswordHasher {
  /** The same seed and password give the same hash; without a seed, each hash is another one. */
  hash(password: string, seed?: string): Promise<string>;

  /** Takes as long for no hash at all, which never matches. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}
