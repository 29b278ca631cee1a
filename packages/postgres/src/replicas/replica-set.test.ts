import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Freshness } from '@ashlar/domain';
import pg from 'pg';
import { PostgresDatabase } from '../database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { commandOf, processesNamed, signal } from '../embedded/processes.ts';
import { eventually } from '../test-database.ts';
import { ReplicaSet, type ReplicaSetOptions } from './replica-set.ts';

const options = { skip: process.platform !== 'linux' && 'needs /proc' };
const WHO = 'select pg_is_in_recovery() as copy';
const directory = mkdtempSync(join(tmpdir(), 'ashlar-replicas-'));
const home = join(directory, 'postgres');
let server: EmbeddedPostgres;

before(async () => {
  const settings = { fsync: 'off', full_page_writes: 'off' };
  server = await startEmbeddedPostgres({ directory: home, replicas: 2, settings });
  await ask(server.url, 'create table notes (id int primary key generated always as identity, text text)');
});

after(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A service on the primary and its replicas. */
async function aService(t: TestContext, more: Partial<ReplicaSetOptions> = {}) {
  const db = new PostgresDatabase({ url: server.url });
  const reads = new ReplicaSet({ primary: db, urls: server.replicaUrls, ...more });
  await reads.start();
  t.after(async () => {
    await reads.stop();
    await db.close();
  });
  const isWell = () => reads.replicas().filter(({ isReachable, lagMs }) => isReachable && lagMs < 500).length === 2;
  await eventually('both replicas are well', isWell);
  const write = async (text: string) => {
    await db.execute('insert into notes (text) values ($1)', [text]);
  };
  const knows = async (freshness: Freshness, text: string) =>
    (await reads.at(freshness).query('select 1 from notes where text = $1', [text])).length > 0;
  const onCopy = async (freshness: Freshness) => (await reads.at(freshness).query<{ copy: boolean }>(WHO))[0]!.copy;
  return { db, reads, write, knows, onCopy, isWell };
}

/** Replicas do not go on until they are told to. */
async function paused(t: TestContext): Promise<() => Promise<void>> {
  const tell = async (word: string) => {
    for (const url of server.replicaUrls) await ask(url, `select pg_wal_replay_${word}()`);
  };
  t.after(() => tell('resume'));
  await tell('pause');
  return () => tell('resume');
}

/** Reads and writes all the time, until it is told to stop; answers what has failed. */
function traffic({ db, reads }: { db: PostgresDatabase; reads: ReplicaSet }) {
  const failed = { reads: [] as unknown[], writes: [] as unknown[], slowestMs: 0, count: 0 };
  let isOver = false;
  const reading = async () => {
    while (!isOver) {
      const asked = performance.now();
      await reads
        .at('any')
        .query('select count(*) from notes')
        .catch((error) => failed.reads.push(error));
      failed.slowestMs = Math.max(failed.slowestMs, performance.now() - asked);
      failed.count += 1;
    }
  };
  const writing = async () => {
    while (!isOver) {
      await db.execute(`insert into notes (text) values ('traffic')`).catch((error) => failed.writes.push(error));
      await pause(5);
    }
  };
  const all = Promise.all([reading(), reading(), writing()]);
  return async () => {
    await eventually('a hundred reads are made', () => failed.count > 100);
    isOver = true;
    await all;
    return failed;
  };
}

const postmasterOf = (data: string) => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);

test('reads that may be a moment old go to the replicas in turn, the others to the primary', options, async (t) => {
  const { db, reads, onCopy } = await aService(t);
  const asked = new Set<unknown>();
  for (let n = 0; n < 4; n++) {
    const [row] = await reads
      .at('any')
      .query<{ port: string }>(`select current_setting('port') as port, ${WHO.slice(7)}`);
    asked.add(row!.port);
  }
  deepStrictEqual(asked, new Set(server.replicaUrls.map((url) => new URL(url).port)));
  strictEqual(await onCopy('newest'), false);
  strictEqual(await onCopy('latest'), false);
  await db.transaction(async () => strictEqual(await onCopy('any'), false));
});

test(
  'schedule 6.2: whoever names a place in the log reads nothing older, wherever that is read',
  options,
  async (t) => {
    const { reads, write, knows, onCopy } = await aService(t);
    const resume = await paused(t);
    await write('paused');
    const since = (await reads.position())!;
    strictEqual(await onCopy({ since }), false);
    strictEqual(await knows({ since }, 'paused'), true);
    strictEqual(await knows('any', 'paused'), false);
    await resume();
    await eventually('a replica answers for it', () => onCopy({ since }));
    strictEqual(await knows({ since }, 'paused'), true);
    for (let n = 0; n < 50; n++) {
      await write(`note ${n}`);
      ok(await knows({ since: (await reads.position())! }, `note ${n}`), `read ${n} was stale`);
    }
  },
);

test(
  'schedule 6.2: a place in another history, or in the future, is a matter of the primary, at once',
  options,
  async (t) => {
    const { reads, onCopy } = await aService(t);
    const { timeline, lsn } = (await reads.position())!;
    const asked = performance.now();
    strictEqual(await onCopy({ since: { timeline: timeline + 1, lsn: 0n } }), false);
    strictEqual(await onCopy({ since: { timeline, lsn: lsn + 1_000_000_000n } }), false);
    ok(performance.now() - asked < 1_000);
  },
);

test('a replica that lags behind the bound is not read until it has caught up', options, async (t) => {
  const { write, knows, onCopy } = await aService(t, { maxLagMs: 400 });
  const resume = await paused(t);
  await write('late');
  const since = performance.now();
  await eventually('the primary answers', () => knows('any', 'late'));
  ok(performance.now() - since < 8_000, 'it took much longer than the bound');
  strictEqual(await onCopy('any'), false);
  await resume();
  await eventually('a replica answers again', () => onCopy('any'));
});

test('losing a replica, dead or frozen, costs no read', options, async (t) => {
  const service = await aService(t);
  const stop = traffic(service);
  signal(postmasterOf(join(home, 'replica-1', 'data')), 'SIGKILL');
  await eventually('it is missed', () => !service.isWell());
  await eventually('it is back', service.isWell);
  const cluster = /cluster_name=(\S+)/.exec(commandOf(postmasterOf(join(home, 'replica-2', 'data'))))![1];
  const frozen = processesNamed(`postgres: ${cluster}: `);
  for (const pid of frozen) signal(pid, 'SIGSTOP');
  await eventually('it is missed', () => !service.isWell());
  for (const pid of frozen) signal(pid, 'SIGCONT');
  await eventually('it is back', service.isWell);
  const failed = await stop();
  deepStrictEqual([failed.reads, failed.writes], [[], []]);
  ok(failed.slowestMs < 8_000, `a read took ${Math.round(failed.slowestMs)} ms`);
});

test('while the primary restarts only writes fail, and what was written can be read', options, async (t) => {
  const service = await aService(t);
  await service.write('before');
  const since = (await service.reads.position())!;
  await eventually('a replica has it', () => service.onCopy({ since }));
  const stop = traffic(service);
  signal(postmasterOf(join(home, 'data')), 'SIGKILL');
  await eventually('writes fail', () =>
    service.write('none').then(
      () => false,
      () => true,
    ),
  );
  strictEqual(await service.knows({ since }, 'before'), true);
  strictEqual(await service.knows('latest', 'before'), true);
  await eventually('writes work again', () =>
    service.write('after').then(
      () => true,
      () => false,
    ),
  );
  await eventually('the replicas follow again', service.isWell);
  const failed = await stop();
  deepStrictEqual(failed.reads, []);
  strictEqual(await service.knows({ since: (await service.reads.position())! }, 'after'), true);
});
