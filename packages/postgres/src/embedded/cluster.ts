import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Runner } from './account.ts';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './embedded-postgres.error.ts';
import { ENVIRONMENT, SYNC_METHOD } from './settings.ts';

const VERSION = '18';

/** The files of one server: its data, and beside them the administrator's password. */
export interface Cluster {
  readonly home: string;
  readonly data: string;
  readonly password: string;
}

/** Opens the cluster of a directory, and makes it on first use. */
export async function openCluster(home: string, binaries: Binaries, runner: Runner): Promise<Cluster> {
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  if (!existsSync(join(data, 'PG_VERSION'))) {
    writePassword(passwordFile, runner);
    await createData(home, binaries, runner);
  }
  refuseForeign(data, passwordFile);
  runner.own(data);
  // A copy made without its permissions would be refused by the server.
  if (process.platform !== 'win32') chmodSync(data, 0o700);
  return { home, data, password: readFileSync(passwordFile, 'utf8').trim() };
}

function writePassword(file: string, runner: Runner): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  runner.own(draft);
  renameSync(draft, file);
}

/**
 * Beside its final place, and moved there when it is complete: a killed initdb leaves nothing that a start could take
 * for data.
 */
async function createData(home: string, binaries: Binaries, runner: Runner): Promise<void> {
  for (const name of readdirSync(home)) {
    if (name.startsWith('data.new-')) rmSync(join(home, name), { recursive: true, force: true, maxRetries: 3 });
  }
  const draft = join(home, `data.new-${process.pid}`);
  mkdirSync(draft, { mode: 0o700 });
  runner.own(draft);
  await initdb(draft, join(home, 'password'), { binaries, runner });
  renameSync(draft, join(home, 'data'));
}

async function initdb(
  data: string,
  passwordFile: string,
  { binaries, runner }: { binaries: Binaries; runner: Runner },
) {
  const [file = '', ...args] = [
    ...runner.prefix,
    binaries.initdb,
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    `--sync-method=${SYNC_METHOD}`,
  ];
  const child = spawn(file, args, {
    ...runner.options,
    cwd: process.platform === 'win32' ? data : '/',
    env: ENVIRONMENT,
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [complaint, code] = await Promise.all([text(child.stderr), ended]);
  if (code === 0) return;
  rmSync(data, { recursive: true, force: true });
  throw new EmbeddedPostgresError(`PostgreSQL could not make its data in ${data}: ${lastLines(complaint)}`);
}

function refuseForeign(data: string, passwordFile: string): void {
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (version !== VERSION) {
    throw new EmbeddedPostgresError(
      `The data in ${data} are of PostgreSQL ${version}, and this is ${VERSION}: choose another directory.`,
    );
  }
  if (existsSync(passwordFile)) return;
  throw new EmbeddedPostgresError(
    `The password of the data in ${data} is gone: put ${passwordFile} back, or choose another directory.`,
  );
}

export const lastLines = (log: string): string => log.trim().split('\n').slice(-4).join('\n  ');
