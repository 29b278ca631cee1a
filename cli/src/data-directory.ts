import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface AdministratorSecret {
  readonly email: string;
  readonly password: string;
}

/** What a system keeps beside its database: its name on shared servers, and its secrets, readable by its owner only. */
export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
    mkdirSync(this.path, { recursive: true });
  }

  /** Part of every database and role: made once, so that a fresh directory never meets an old one's data. */
  namespace(wanted: string | undefined): string {
    return wanted ?? this.#once('namespace', () => randomBytes(5).toString('hex'));
  }

  /** The password of a service's role; the same at every start. */
  passwordOf(service: string): string {
    const secret = this.#once('secret', () => randomBytes(32).toString('base64url'));
    return createHmac('sha256', secret).update(service).digest('base64url');
  }

  /** The administrator; `isNew` when the password has just been made, and has to be shown. */
  administrator(email: string, password: string | undefined): AdministratorSecret & { readonly isNew: boolean } {
    if (password !== undefined) return { email, password, isNew: false };
    const isNew = !existsSync(join(this.path, 'admin.json'));
    const kept = this.#once('admin.json', () =>
      JSON.stringify({ email, password: randomBytes(15).toString('base64url') } satisfies AdministratorSecret),
    );
    return { ...(JSON.parse(kept) as AdministratorSecret), isNew };
  }

  /** A file appears whole or not at all. */
  #once(name: string, make: () => string): string {
    const file = join(this.path, name);
    if (existsSync(file)) return readFileSync(file, 'utf8').trim();
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${make()}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, file);
    return readFileSync(file, 'utf8').trim();
  }
}
