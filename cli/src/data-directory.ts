import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface AdministratorSecret {
  readonly email: string;
  readonly password: string;
}

/** There is no data directory to be used; the message is for the person at the terminal. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** What a system keeps beside its database: its name on shared servers, and its secrets, readable by its owner only. */
export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
    try {
      makeDirectory(this.path);
    } catch (error) {
      throw new DataDirectoryError(
        `the data directory cannot be made (${(error as Error).message}): choose another one with --data.`,
      );
    }
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

  /** The administrator, as told at the terminal as well: a password that has just been made has to be shown. */
  administrator(email: string, password: string | undefined): AdministratorSecret & { readonly told: string } {
    if (password !== undefined) return { email, password, told: email };
    const isNew = !existsSync(join(this.path, 'admin.json'));
    const kept = this.#once('admin.json', () =>
      JSON.stringify({ email, password: randomBytes(15).toString('base64url') } satisfies AdministratorSecret),
    );
    const secret = JSON.parse(kept) as AdministratorSecret;
    const how = isNew ? `/ ${secret.password} (shown once; kept in admin.json)` : '(the password is in admin.json)';
    return { ...secret, told: `${secret.email} ${how}` };
  }

  /** Where the system of this directory is reached, for as long as it runs. */
  tellAddress(url: string): { stop(): Promise<void> } {
    const file = join(this.path, 'address');
    writeFileSync(file, `${url}\n`);
    return { stop: async () => rmSync(file, { force: true }) };
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

/** Where the system of a data directory is reached; nothing while none runs. */
export function addressIn(directory: string): string | undefined {
  const file = join(resolve(directory), 'address');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/**
 * With its parents, one by one: the recursive form of Node tries for ever in a file system such as `/proc`, which has
 * the parent and still refuses with ENOENT.
 */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !existsSync(dirname(path))) {
      makeDirectory(dirname(path));
      mkdirSync(path);
    } else if (code !== 'EEXIST' || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
