import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedPostgresError, isCode } from './embedded-postgres.error.ts';
import { startOf } from './processes.ts';

interface LockOptions {
  /** How long to wait for another process that has the directory and may be about to end. */
  readonly patienceMs: number;
  readonly onProgress: (line: string) => void;
}

/** The right of one process to run the server of a directory. It ends with the process, however that ends. */
export class DirectoryLock {
  private constructor(
    readonly file: string,
    readonly owner: string,
  ) {}

  static async take(home: string, { patienceMs, onProgress }: LockOptions): Promise<DirectoryLock> {
    const file = join(home, 'owner');
    const owner = `${process.pid} ${startOf(process.pid)}`;
    const mine = `${file}.${process.pid}`;
    const deadline = performance.now() + patienceMs;
    writeFileSync(mine, owner);
    try {
      for (let told = false; !placed(mine, file); ) {
        const other = livingOwner(file);
        if (other === undefined) continue;
        if (performance.now() >= deadline) {
          throw new EmbeddedPostgresError(
            `The database in ${home} is in use by process ${other}: stop it first, or choose another directory.`,
          );
        }
        if (!told) onProgress(`Waiting for process ${other}, which still uses the database in ${home}`);
        told = true;
        await pause(50);
      }
      return new DirectoryLock(file, owner);
    } finally {
      rmSync(mine, { force: true });
    }
  }

  release(): void {
    if (contentOf(this.file) === this.owner) rmSync(this.file, { force: true });
  }
}

/** A link appears whole or not at all: nobody ever reads half an owner. */
function placed(mine: string, file: string): boolean {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** The process that has the directory; a dead one loses it here. */
function livingOwner(file: string): string | undefined {
  const owner = contentOf(file);
  if (owner === undefined) return undefined;
  const [pid = '', ...start] = owner.split(' ');
  if (startOf(Number(pid)) === start.join(' ')) return pid;
  const dead = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, dead);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  // Between our reading and our renaming another process may have done the same and become the owner: give it back.
  if (contentOf(dead) !== owner) placed(dead, file);
  rmSync(dead, { force: true });
  return undefined;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
