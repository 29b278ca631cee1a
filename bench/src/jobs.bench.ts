import { setTimeout as pause } from 'node:timers/promises';
import { createJobs } from '@ashlar/jobs';
import { PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { PgBoss } from 'pg-boss';
import { openDatabase, provisionBench, ThinPg } from './bench-database.ts';
import { median, quantile } from './closed-loop.ts';
import { isQuick, measure } from './lifetime.ts';
import { openLoop } from './open-loop.ts';
import { cpuMs } from './process-usage.ts';
import { circumstances, figure, ms, print, spread, type Table } from './report.ts';

/** The claim: jobs cost no more than pg-boss at its best, as they come. */
const ROUNDS = isQuick ? 1 : 5;
const STORED = isQuick ? 500 : 5_000;
const ENQUEUED_AT_ONCE = 500;
const LATENCY = { perSecond: 50, forMs: isQuick ? 1_000 : 5_000 };
const BOSS = { pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };

/** A queue with a worker that works. */
interface Stand {
  enqueue(ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

type Open = (queue: string, done: (id: string) => void) => Promise<Stand>;

const ours =
  (url: string, options: { concurrency?: number }): Open =>
  async (name, done) => {
    const db = new PostgresDatabase({ url });
    const complain = (error: Error) => console.error(error.message);
    const jobs = createJobs({ url, db, tracing: createTracing({ service: 'bench' }), onError: complain });
    const queue = jobs.queue<{ id: string }>({ name, ...options }, async ({ id }) => done(id));
    await jobs.start();
    return {
      enqueue: (ids) =>
        db.transaction(async () => {
          for (const id of ids) await queue.enqueue({ id, data: { id } });
        }),
      async close() {
        await jobs.stop();
        await db.close();
      },
    };
  };

const raw =
  (url: string, batchSize: number): Open =>
  async (name, done) => {
    const boss = new PgBoss({
      connectionString: url,
      max: 3,
      options: '-c synchronous_commit=off',
      useListenNotify: true,
    });
    boss.on('error', (error) => console.error(error.message));
    await boss.start();
    await boss.createQueue(name, { notify: true });
    await boss.work<{ id: string }>(name, { ...BOSS, batchSize }, async (jobs) => {
      for (const { data } of jobs) done(data.id);
    });
    return {
      enqueue: async (ids) =>
        void (await boss.insert(
          name,
          ids.map((id) => ({ data: { id } })),
        )),
      close: () => boss.stop({ graceful: false }),
    };
  };

let next = 0;

interface Drained {
  readonly perSecond: number;
  readonly cpuUs: number;
}

/** From the first enqueueing until the last job is done. */
async function drain(open: Open): Promise<Drained> {
  const ids = Array.from({ length: STORED }, (_, number) => `job-${number}`);
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const seen = new Set<string>();
  const stand = await open(`drain-${next++}`, (id) => void (seen.add(id).size === STORED && resolve()));
  const began = performance.now();
  const cpu = cpuMs(process.pid) ?? Number.NaN;
  for (let from = 0; from < ids.length; from += ENQUEUED_AT_ONCE) {
    await stand.enqueue(ids.slice(from, from + ENQUEUED_AT_ONCE));
  }
  await finished;
  const tookMs = performance.now() - began;
  const cpuUs = (((cpuMs(process.pid) ?? Number.NaN) - cpu) * 1_000) / STORED;
  await stand.close();
  return { perSecond: (STORED * 1_000) / tookMs, cpuUs };
}

/** From enqueueing to the handler; the first ones, which open connections and warm the code, do not count. */
async function latencies(open: Open): Promise<number[]> {
  const began = new Map<string, number>();
  const took = new Map<string, number>();
  const stand = await open(`latency-${next++}`, (id) => took.set(id, performance.now() - began.get(id)!));
  const send = async (id: string) => {
    began.set(id, performance.now());
    await stand.enqueue([id]);
  };
  const allDone = async () => {
    while (took.size < began.size) await pause(5);
  };
  await openLoop({ perSecond: LATENCY.perSecond, forMs: 1_000 }, (number) => send(`first-${number}`));
  await allDone();
  await openLoop(LATENCY, (number) => send(`job-${number}`));
  await allDone();
  await stand.close();
  return [...took].filter(([id]) => id.startsWith('job-')).map(([, ms]) => ms);
}

async function jobsTable(stands: Readonly<Record<string, Open>>): Promise<Table> {
  const drained = new Map<string, Drained[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, open] of Object.entries(stands)) {
      console.error(`  jobs: ${name}, round ${round + 1}`);
      drained.set(name, [...(drained.get(name) ?? []), await drain(open)]);
    }
  }
  const rows: string[][] = [];
  const [peer] = drained.values();
  for (const [name, open] of Object.entries(stands)) {
    const own = drained.get(name)!;
    const rates = own.map(({ perSecond }) => perSecond);
    const ratio = median(own.map(({ perSecond }, round) => perSecond / peer![round]!.perSecond));
    const late = await latencies(open);
    const cpu = figure(median(own.map(({ cpuUs }) => cpuUs)));
    const times = [ms(quantile(late, 0.5)), ms(quantile(late, 0.99))];
    rows.push([name, figure(median(rates)), spread(rates), own === peer ? '' : ratio.toFixed(2), cpu, ...times]);
  }
  const head = [
    `${figure(STORED)} jobs, ${ENQUEUED_AT_ONCE} a transaction`,
    'per second',
    'min–max',
    '× pg-boss',
    'CPU µs',
    'p50 ms',
    'p99 ms',
  ];
  return { head, rows };
}

await measure(async () => {
  console.error('jobs: a database for each');
  const database = await openDatabase([]);
  const own = await provisionBench(database.adminUrl, 'own');
  const peer = await provisionBench(database.adminUrl, 'boss');
  const stands = {
    'pg-boss with notify and burst, 100 at once': raw(peer, 100),
    'the same, 8 at once': raw(peer, 8),
    'Ashlar, as it comes: 8 at once': ours(own, {}),
    'Ashlar, 100 at once': ours(own, { concurrency: 100 }),
  };
  print('Jobs', {
    tables: [await jobsTable(stands)],
    notes: [
      circumstances({ PostgreSQL: await new ThinPg(database.url).serverVersion() }),
      `Latency: from enqueueing to the handler, at ${LATENCY.perSecond} jobs a second. Handlers do nothing.`,
      [
        'Both end jobs without waiting for the disk: a job whose end is forgotten in a crash runs again. Ours is',
        'enqueued in a transaction of the service, which waits for the disk; here pg-boss does not.',
      ].join(' '),
    ],
  });
});
