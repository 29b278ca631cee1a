import type { PasswordHasher } from '../ports/password-hasher.interface.ts';

/**
 * The slow part of a sign-up, to be done before its transaction begins: a connection that waits for a hash is one that
 * nobody else can use, and PostgreSQL ends a transaction that idles for long.
 */
export class HashPasswordUseCase {
  constructor(private readonly passwords: PasswordHasher) {}

  async execute(password: string, seed?: string): Promise<string> {
    return this.passwords.hash(password, seed);
  }
}
