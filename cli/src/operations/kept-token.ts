import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface Kept {
  readonly url: string;
  readonly email: string;
  readonly token: string;
}

/** Whose token it is, and where it is good. */
export type TokenOwner = Pick<Kept, 'url' | 'email'>;

/**
 * The administrator's access token between commands, beside the password in the data directory and readable by its
 * owner only: the shop takes only so many sign-ins a minute.
 */
export class KeptToken {
  readonly #file: string;

  constructor(
    dataDirectory: string,
    private readonly owner: TokenOwner,
  ) {
    this.#file = join(resolve(dataDirectory), 'administrator-token');
  }

  read(): string | undefined {
    try {
      const { url, email, token } = JSON.parse(readFileSync(this.#file, 'utf8')) as Kept;
      return url === this.owner.url && email === this.owner.email ? String(token) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Where it cannot be kept, the next command signs in again. */
  write(token: string): void {
    const draft = `${this.#file}.${process.pid}`;
    try {
      writeFileSync(draft, JSON.stringify({ ...this.owner, token }), { mode: 0o600 });
      renameSync(draft, this.#file);
    } catch {}
  }
}
