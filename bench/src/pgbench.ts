import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Load, Round } from './closed-loop.ts';

/** New sessions fill their caches in this time: it does not count. */
const WARM_UP_S = 0.4;

/** PostgreSQL's own benchmark, on the server that we use: what the database can do when nothing stands before it. */
export class Pgbench {
  #runs = 0;

  constructor(
    private readonly url: string,
    private readonly directory: string,
  ) {}

  /** Runs a script; each client counts its transactions in `:n`, and `:run` is another one each time. */
  async run(script: string, { atOnce }: Load): Promise<Round> {
    const directory = mkdtempSync(join(this.directory, 'pgbench-'));
    const file = join(directory, 'script.sql');
    writeFileSync(file, `\\set n :n + 1\n${script}\n`);
    const log = join(directory, 'log');
    const defined = ['-D', 'n=0', '-D', `run=${++this.#runs}`];
    const threads = String(Math.min(2, atOnce));
    const args = ['-n', '-M', 'prepared', '-c', String(atOnce), '-j', threads, '-T', '1', ...defined];
    await this.#execute([...args, '-f', file, '-l', `--log-prefix=${log}`]);
    const round = readLogs(directory);
    rmSync(directory, { recursive: true });
    return round;
  }

  async #execute(args: readonly string[]): Promise<void> {
    const { hostname, port, username, password, pathname } = new URL(this.url);
    const address = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: pathname.slice(1) };
    const env = { ...process.env, ...address, PGPASSWORD: decodeURIComponent(password) };
    const child = spawn('pgbench', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    const [complaint, code] = await Promise.all([text(child.stderr), ended]);
    if (code !== 0) throw new Error(`pgbench failed: ${complaint}`);
  }
}

/** A line a transaction: its client, number, duration in µs, script, and when it ended in s and µs. */
function readLogs(directory: string): Round {
  const logs = readdirSync(directory).filter((name) => name.startsWith('log'));
  const lines = logs.flatMap((name) => readFileSync(join(directory, name), 'utf8').trim().split('\n'));
  const transactions = lines.map((line) => {
    const [, , us, , seconds, micros] = line.split(' ').map(Number) as [number, number, number, number, number, number];
    return { ms: us / 1_000, end: seconds + micros / 1e6 };
  });
  const ends = transactions.map(({ end }) => end);
  const from = ends.reduce((least, end) => Math.min(least, end), Infinity) + WARM_UP_S;
  const to = ends.reduce((most, end) => Math.max(most, end), 0);
  const counted = transactions.filter(({ end }) => end > from);
  return { perSecond: counted.length / (to - from), latenciesMs: counted.map((transaction) => transaction.ms) };
}
