import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { isCode } from './embedded-postgres.error.ts';

/** What belongs to the server that runs on the data, and not to the data. */
const OF_THE_SERVER = new Set(['postmaster.pid', 'postmaster.opts', 'backup_label', 'standby.signal']);

/** Directories of which a copy needs only the name: their files are made anew, or come with the stream. */
const EMPTY = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);

/**
 * Copies the data of a running server to an empty directory, as pg_basebackup would, which the embedded server has not
 * got: what changes meanwhile is mended from the log, from where the label says.
 */
export async function copyRunning(admin: Client, data: string, copy: string): Promise<void> {
  await admin.query(`select pg_backup_start('ashlar replica', true)`);
  await copyDirectory(data, copy, (name) => !OF_THE_SERVER.has(name));
  const { rows } = await admin.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
  await writeFile(join(copy, 'backup_label'), rows[0]!.labelfile, { mode: 0o600 });
}

async function copyDirectory(from: string, to: string, isMeant: (name: string) => boolean): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!isMeant(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!entry.isDirectory()) await copyUnlessGone(source, target);
    else {
      await mkdir(target, { recursive: true, mode: 0o700 });
      const isEmpty = EMPTY.has(entry.name);
      await copyDirectory(source, target, () => !isEmpty);
    }
  }
}

/** A server that runs deletes files as well. */
async function copyUnlessGone(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}
