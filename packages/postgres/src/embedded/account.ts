import { type SpawnOptions, spawnSync } from 'node:child_process';
import { chownSync, lchownSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './embedded-postgres.error.ts';

/** How to run a program of PostgreSQL: words before its command line, and options of the spawn. */
export interface Runner {
  readonly prefix: readonly string[];
  readonly options: Pick<SpawnOptions, 'uid' | 'gid'>;
  /** Gives a file to the account that the server runs under. */
  own(path: string): void;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const OURSELVES: Runner = { prefix: [], options: {}, own: () => {} };

/**
 * PostgreSQL refuses to run as root. There it runs as the owner of the data, or as `nobody`: no user is made on this
 * machine. Where that account may not enter the directories (a clone below /root), it gets one right of root, to pass
 * by their permissions, so that nothing of the user's has to be copied or opened to others.
 */
export function chooseRunner(home: string, data: string, binaries: Binaries): Runner {
  if (process.getuid?.() !== 0) return OURSELVES;
  const account = ownerOf(data) ?? unprivileged();
  const own = (path: string) => chownAll(path, account);
  const plain: Runner = { prefix: [], options: { uid: account.uid, gid: account.gid }, own };
  if (reaches(plain, home, binaries)) return plain;
  const passing: Runner = { prefix: passingBy(account), options: {}, own };
  if (process.platform === 'linux' && reaches(passing, home, binaries)) return passing;
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and user ${account.uid} cannot enter ${home} or read ${binaries.postgres}: ` +
      'start Ashlar as an ordinary user, or install setpriv (package util-linux), ' +
      'or give the address of a server in DATABASE_URL.',
  );
}

/**
 * Without `no_setuid_fixup`, access(2), which initdb asks about its programs, would answer as if the right were not
 * there.
 */
function passingBy({ uid, gid }: Account): string[] {
  const right = '-all,+dac_override';
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${right}`,
    `--ambient-caps=${right}`,
    `--bounding-set=${right}`,
  ];
}

function reaches({ prefix, options }: Runner, home: string, { postgres, sample }: Binaries): boolean {
  const script = 'cd "$1" && test -r "$2" && "$3" --version';
  const [file = '', ...args] = [...prefix, '/bin/sh', '-c', script, 'sh', home, sample, postgres];
  return spawnSync(file, args, { ...options, cwd: '/', stdio: 'ignore' }).status === 0;
}

function ownerOf(data: string): Account | undefined {
  const found = statSync(data, { throwIfNoEntry: false });
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined;
}

function unprivileged(): Account {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'nobody') ?? users.find(([name]) => name === 'daemon');
  if (user) return { uid: Number(user[2]), gid: Number(user[3]) };
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and this machine has no user "nobody": start Ashlar as an ordinary user.',
  );
}

function chownAll(path: string, { uid, gid }: Account): void {
  const found = statSync(path);
  if (found.uid === uid) return;
  const entries = found.isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  for (const entry of entries) lchownSync(join(path, entry), uid, gid);
  // Its own owner last: as long as it is still root's, the next start knows that this is not finished.
  chownSync(path, uid, gid);
}
