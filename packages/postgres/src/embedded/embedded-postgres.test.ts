import { deepStrictEqual, match, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { eventually } from '../test-database.ts';
import { EmbeddedPostgresError, startEmbeddedPostgres } from './embedded-postgres.ts';
import { commandOf, signal, startOf, until } from './processes.ts';

const asRoot = process.getuid?.() === 0;
const onLinux = process.platform === 'linux';
const ROUNDS = 8;

function aDirectory(t: TestContext, mode = 0o700): string {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-postgres-'));
  chmodSync(directory, mode);
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return join(directory, 'postgres');
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const pidOf = (directory: string) =>
  Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** A process, first of its own group, that runs the server of a directory and is there to be killed. */
async function aRun(directory: string): Promise<{ run: ChildProcess; url: string }> {
  const module = new URL('./embedded-postgres.js', import.meta.url).href;
  const program = `import { startEmbeddedPostgres } from ${JSON.stringify(module)};
    const server = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)} });
    console.log(server.url);
    setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ['--input-type=module', '-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await Promise.race([once(createInterface(run.stdout), 'line'), once(run, 'exit').then(() => [])]);
  ok(url, 'the run ended before the server was ready');
  return { run, url };
}

async function killGroup(run: ChildProcess): Promise<void> {
  const ended = once(run, 'exit');
  process.kill(-(run.pid ?? 0), 'SIGKILL');
  await ended;
}

test('what was written before a stop is there after the next start, which is quick', async (t) => {
  const directory = aDirectory(t);
  const first = await startEmbeddedPostgres({ directory });
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  const before = performance.now();
  const second = await startEmbeddedPostgres({ directory });
  t.diagnostic(`second start: ${Math.round(performance.now() - before)} ms`);
  strictEqual((await query(second.url, 'select answer from kept'))[0]?.['answer'], 42);
  match(String((await query(second.url, 'select version()'))[0]?.['version']), /^PostgreSQL 18/);
  await second.stop();
  ok(!existsSync(join(directory, 'data', 'postmaster.pid')));
});

test('nobody comes in without the password, which only the owner can read', async (t) => {
  const directory = aDirectory(t);
  const server = await startEmbeddedPostgres({ directory });
  const wrong = new URL(server.url);
  wrong.password = 'guess';
  await rejects(query(wrong.href, 'select 1'), { code: '28P01' });
  strictEqual(statSync(join(directory, 'password')).mode & 0o777, 0o600);
  await server.stop();
});

test('a directory that a running process uses is refused to a second one in one sentence', async (t) => {
  const directory = aDirectory(t);
  const server = await startEmbeddedPostgres({ directory });
  await rejects(startEmbeddedPostgres({ directory, patienceMs: 0 }), (error: Error) => {
    ok(error instanceof EmbeddedPostgresError);
    match(error.message, new RegExp(`is in use by process ${process.pid}: stop it first`));
    return true;
  });
  strictEqual((await query(server.url, 'select 1 as one'))[0]?.['one'], 1);
  await server.stop();
});

test('a start waits for an earlier run that has not quite ended', async (t) => {
  const directory = aDirectory(t);
  const told: string[] = [];
  const first = await startEmbeddedPostgres({ directory });
  const onProgress = (line: string) => {
    told.push(line);
    if (told.length === 1) void first.stop();
  };
  const second = await startEmbeddedPostgres({ directory, onProgress });
  match(told[0] ?? '', /^Waiting for process/);
  await second.stop();
});

test('an initialisation that was killed leaves nothing that a start could stumble over', async (t) => {
  const directory = aDirectory(t);
  mkdirSync(join(directory, 'data.new-1', 'base'), { recursive: true });
  writeFileSync(join(directory, 'data.new-1', 'PG_VERSION'), '18\n');
  writeFileSync(join(directory, 'password'), 'of the killed one\n', { mode: 0o600 });
  const server = await startEmbeddedPostgres({ directory });
  strictEqual((await query(server.url, 'select 1 as one'))[0]?.['one'], 1);
  await server.stop();
  ok(!existsSync(join(directory, 'data.new-1')));
});

test('a process number that another program has got since then does not stop the start', async (t) => {
  const directory = aDirectory(t);
  const server = await startEmbeddedPostgres({ directory });
  const file = join(directory, 'data', 'postmaster.pid');
  const lines = readFileSync(file, 'utf8').split('\n');
  await server.stop();
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.after(() => stranger.kill('SIGKILL'));
  writeFileSync(file, [stranger.pid, ...lines.slice(1)].join('\n'));
  const again = await startEmbeddedPostgres({ directory });
  notStrictEqual(startOf(stranger.pid ?? 0), undefined, 'and the other program lives on');
  await again.stop();
});

test('the server ends soon after the process that had started it was killed', async (t) => {
  const directory = aDirectory(t);
  const { run } = await aRun(directory);
  const postmaster = pidOf(directory);
  await killGroup(run);
  ok(await until(() => startOf(postmaster) === undefined, 4_000));
});

test('a server that is killed comes back at the same address', async (t) => {
  const directory = aDirectory(t);
  const told: string[] = [];
  const server = await startEmbeddedPostgres({ directory, onProgress: (line) => told.push(line) });
  await query(server.url, 'create table kept as select 42 as answer');
  const postmaster = pidOf(directory);
  signal(postmaster, 'SIGKILL');
  const revived = () => existsSync(join(directory, 'data', 'postmaster.pid')) && pidOf(directory) !== postmaster;
  ok(await until(revived, 10_000));
  for (let answer: unknown; answer !== 42; ) {
    const rows = await query(server.url, 'select answer from kept').catch(() => []);
    answer = rows[0]?.['answer'];
  }
  match(told.join(), /ended unexpectedly/);
  const [method] = await query(server.url, 'show recovery_init_sync_method');
  strictEqual(method?.['recovery_init_sync_method'], process.platform === 'linux' ? 'syncfs' : 'fsync');
  await server.stop();
});

for (const [victims, killServer] of [
  ['we', false],
  ['we and the server', true],
] as const) {
  test(`${ROUNDS} times ${victims} are killed at work, and every next start finds what was committed`, async (t) => {
    const directory = aDirectory(t);
    for (let round = 0; round < ROUNDS; round++) {
      const { run, url } = await aRun(directory);
      await query(url, 'create table if not exists rounds (round int)');
      const rows = await query(
        url,
        `insert into rounds values (${round}) returning (select count(*)::int from rounds) as before`,
      );
      strictEqual(rows[0]?.['before'], round);
      const busy = query(url, 'select sum(n) from generate_series(1, 100000000) n').catch(() => {});
      if (killServer) signal(pidOf(directory), 'SIGKILL');
      await killGroup(run);
      await busy;
    }
    const server = await startEmbeddedPostgres({ directory });
    strictEqual((await query(server.url, 'select count(*)::int as count from rounds'))[0]?.['count'], ROUNDS);
    await server.stop();
  });
}

test('as root the data of an open directory and of a closed one start in either', {
  skip: !(asRoot && onLinux) && 'only for root on Linux',
}, async (t) => {
  const directory = aDirectory(t, 0o755);
  for (const mode of [0o755, 0o700, 0o755]) {
    chmodSync(join(directory, '..'), mode);
    const server = await startEmbeddedPostgres({ directory });
    await query(server.url, 'create database other_files');
    await query(server.url, 'drop database other_files');
    const status = readFileSync(`/proc/${pidOf(directory)}/status`, 'utf8');
    const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
    notStrictEqual(uid, '0');
    const rights = /^CapEff:\s+0*(\w+)$/m.exec(status)?.[1];
    ok(rights === '2' || (rights === '0' && mode === 0o755), `one right of root where it is needed, not ${rights}`);
    await server.stop();
  }
});

test('the server has a session of its own and does not hear our Ctrl-C', {
  skip: !onLinux && 'needs /proc',
}, async (t) => {
  const directory = aDirectory(t);
  const { run, url } = await aRun(directory);
  const postmaster = pidOf(directory);
  match(commandOf(postmaster), /postgres -D /);
  strictEqual((await query(url, `select pg_backend_pid() as pid`)).length, 1);
  const session = readFileSync(`/proc/${postmaster}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
  strictEqual(Number(session), postmaster);
  await killGroup(run);
  ok(await until(() => startOf(postmaster) === undefined, 4_000));
});

test('replicas follow, are mended at the next start or made anew, and go when they are not wanted', async (t) => {
  const directory = aDirectory(t);
  const settings = { fsync: 'off', full_page_writes: 'off' };
  const told: string[] = [];
  const start = (replicas: number) =>
    startEmbeddedPostgres({ directory, replicas, settings, onProgress: (line) => told.push(line) });
  const made = () => told.splice(0).filter((line) => /making|anew/.test(line));
  const count = async (url: string) => (await query(url, 'select count(*)::int as count from notes'))[0]?.['count'];
  const first = await start(2);
  await query(first.url, 'create table notes as select 1 as n');
  for (const url of first.replicaUrls) {
    await eventually('it has come', () =>
      count(url).then(
        (n) => n === 1,
        () => false,
      ),
    );
    await rejects(query(url, 'insert into notes values (2)'), { code: '25006' });
  }
  strictEqual(made().length, 2);
  await first.stop();
  const alone = await startEmbeddedPostgres({ directory, settings });
  await query(alone.url, 'insert into notes values (2)');
  deepStrictEqual(await query(alone.url, 'select 1 from pg_replication_slots'), []);
  ok(!existsSync(join(directory, 'replica-1')));
  await alone.stop();
  const again = await start(1);
  strictEqual(made().length, 1);
  await again.stop();
  const kept = await start(1);
  deepStrictEqual(made(), []);
  await kept.stop();
  const control = join(directory, 'replica-1', 'data', 'global', 'pg_control');
  writeFileSync(control, readFileSync(control).fill(0, 8));
  const mended = await start(1);
  strictEqual(made().length, 2);
  await eventually('it has come', () =>
    count(mended.replicaUrls[0]!).then(
      (n) => n === 2,
      () => false,
    ),
  );
  await mended.stop();
});
