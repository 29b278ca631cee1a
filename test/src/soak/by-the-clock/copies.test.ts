import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseMissing } from '@ashlar/postgres';
import { redisMissing, type TestRedis } from '@ashlar/projection-redis/test-redis';
import { threeReplicas } from '../../copies/three-replicas.ts';
import { Witness } from '../../copies/witness.ts';

const LASTS_MS = 30_000;
const READERS = 4;
const WRITERS = 3;
/** What is promised of every cache of ours. */
const SEEN_WITHIN_MS = 1_000;

const anyOf = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)]!;
const upTo = (ms: number): Promise<void> => pause(Math.random() * ms);

/** What may befall a Redis. */
const STROKES: readonly ((redis: TestRedis) => Promise<void>)[] = [
  (redis) => redis.ask(async (client) => void (await client.flushall())),
  async (redis) => {
    redis.freeze();
    await upTo(900);
    redis.thaw();
  },
  async (redis) => {
    await redis.ask((client) => client.save());
    await upTo(300);
    await redis.kill();
    await upTo(500);
    await redis.start();
  },
];

test('whatever befalls Redis, a change is seen by every replica within a second, and reads go on', {
  skip: databaseMissing || redisMissing,
}, async (t) => {
  const { redis, replicas } = await threeReplicas(t);
  const witness = new Witness();
  const ids = await Promise.all(['A', 'B', 'C', 'D', 'E'].map((sku) => replicas[0]!.create(sku)));
  const endsAt = performance.now() + LASTS_MS;
  const forAsLong = async (work: () => Promise<void>): Promise<void> => {
    while (performance.now() < endsAt) await work();
  };
  const read = (replica: number) => async () => {
    const [id, askedAt] = [anyOf(ids), performance.now()];
    witness.told(await replicas[replica]!.versionOf(id), { replica, id, askedAt });
  };
  const write = async () => {
    const id = anyOf(ids);
    witness.committed(id, await anyOf(replicas).rename(id, `Name ${Math.random()}`));
    await upTo(60);
  };
  const strike = async () => {
    await upTo(1_200);
    await anyOf(STROKES)(redis);
  };
  await Promise.all([
    ...replicas.flatMap((_, at) => Array.from({ length: READERS }, () => forAsLong(read(at)))),
    ...Array.from({ length: WRITERS }, () => forAsLong(write)),
    forAsLong(strike),
  ]);
  t.diagnostic(
    `${witness.reads} reads, ${witness.writes} changes, seen after ${Math.round(witness.worstMs)} ms at most`,
  );
  ok(witness.reads > 1_000 && witness.writes > 100, `${witness.reads} reads, ${witness.writes} changes`);
  ok(
    witness.worstMs < SEEN_WITHIN_MS,
    JSON.stringify(witness.stale.filter(({ sinceMs }) => sinceMs >= SEEN_WITHIN_MS)),
  );
});
