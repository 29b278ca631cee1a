import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { GiveUp, type JobQueue } from '@ashlar/jobs';
import { LocalBus, outgoing } from '@ashlar/messaging';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aDatabase, aHostedService, Noted, noting } from './host.fixtures.ts';
import type { ServicePlatform } from './service.ts';

const skip = databaseMissing;
const unpublished = async ({ db }: ServicePlatform) =>
  (await db.query('select 1 from outbox where published_at is null')).length;
const say = (text: string) => [outgoing(Noted, text, { text })];

test('a service answers before it begins, is ready only afterwards, and is neither after it has stopped', {
  skip,
}, async (t) => {
  const { running, ask } = await aHostedService(t, { create: noting(async () => {}) });
  strictEqual((await ask('/livez')).status, 200);
  strictEqual((await ask('/startupz')).status, 503);
  const before = await ask('/readyz');
  deepStrictEqual([before.status, await before.json()], [503, { status: 'starting', checks: { database: 'ok' } }]);
  await running.begin();
  strictEqual((await ask('/readyz')).status, 200);
  strictEqual((await ask('/startupz')).status, 200);
  await running.stop();
  await rejects(ask('/livez'));
});

test('nothing is published before begin(), and then all that was written by then', { skip }, async (t) => {
  const heard: string[] = [];
  const { running, platform } = await aHostedService(t, { create: noting(async (text) => heard.push(text)) });
  await platform.outbox.add(say('early'));
  strictEqual(heard.length, 0);
  await running.begin();
  await platform.outbox.add(say('late'));
  await eventually('both are heard', () => heard.length === 2);
  deepStrictEqual(heard.toSorted(), ['early', 'late']);
});

test('stop() finishes the message at hand, and the next start finishes the rest, each once', { skip }, async (t) => {
  const { url: databaseUrl } = await aDatabase(t);
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const migrations = async () => [{ name: 'note/001', sql: 'create table notes (text text)' }];
  const note = noting(async (text, { db }) => {
    begun.resolve();
    await goOn.promise;
    await db.write({ sql: 'insert into notes values ($1)', values: [text] });
  });
  const first = await aHostedService(t, { databaseUrl, migrations, create: note });
  await first.running.begin();
  await first.platform.outbox.add(say('one'));
  await begun.promise;
  const stopping = first.running.stop();
  goOn.resolve();
  await stopping;
  const second = await aHostedService(t, { databaseUrl, migrations, create: note });
  await second.platform.outbox.add(say('two'));
  await second.running.begin();
  const notes = () => second.platform.db.query<{ text: string }>('select text from notes order by text');
  await eventually('both are noted', async () => (await notes()).length >= 2);
  deepStrictEqual(await notes(), [{ text: 'one' }, { text: 'two' }]);
});

test('a database that is away makes the service unready, not dead', { skip }, async (t) => {
  const database = await aDatabase(t);
  const { running, ask } = await aHostedService(t, { databaseUrl: database.url, create: noting(async () => {}) });
  await running.begin();
  await database.admit(false);
  await eventually('it is unready', async () => (await ask('/readyz')).status === 503);
  strictEqual((await ask('/livez')).status, 200);
  strictEqual((await ask('/startupz')).status, 200);
  await database.admit(true);
  await eventually('it is ready again', async () => (await ask('/readyz')).status === 200);
});

test('what else has to be there is a check of its own, and does not hide the others', { skip }, async (t) => {
  let isBusThere = true;
  const bus = async () => isBusThere || Promise.reject(new Error('The broker is away.'));
  const { running, ask } = await aHostedService(t, { checks: { bus }, create: noting(async () => {}) });
  await running.begin();
  deepStrictEqual(await (await ask('/readyz')).json(), { status: 'ready', checks: { database: 'ok', bus: 'ok' } });
  isBusThere = false;
  await eventually('it is unready', async () => (await ask('/readyz')).status === 503);
  deepStrictEqual(await (await ask('/readyz')).json(), {
    status: 'unready',
    checks: { database: 'ok', bus: 'failed' },
  });
  deepStrictEqual([(await ask('/livez')).status, (await ask('/startupz')).status], [200, 200]);
});

test('the end waits until the bus answers for what was said, but not for ever', { skip }, async (t) => {
  const answered = Promise.withResolvers<void>();
  class SlowBus extends LocalBus {
    override async publish(...args: Parameters<LocalBus['publish']>): Promise<void> {
      if (args[0].length > 0) await answered.promise;
    }
  }
  const { url: databaseUrl } = await aDatabase(t);
  const start = async (flushWithinMs: number) => {
    const hosted = await aHostedService(t, {
      databaseUrl,
      bus: new SlowBus(),
      flushWithinMs,
      create: noting(async () => {}),
    });
    await hosted.running.begin();
    return hosted;
  };
  const impatient = await start(50);
  await impatient.platform.outbox.add(say('lost on the way'));
  await impatient.running.stop();
  const patient = await start(60_000);
  await patient.platform.outbox.add(say('in time'));
  const stopping = patient.running.stop();
  answered.resolve();
  await stopping;
  const later = await start(0);
  const unpublished = 'select key from outbox where published_at is null';
  deepStrictEqual(await later.platform.db.query(unpublished), []);
});

test('operations are for administrators, and unknown things are not found', { skip }, async (t) => {
  const { running, ask } = await aHostedService(t, { create: noting(async () => {}) });
  for (const path of ['/ops/dead-letters', '/ops/projections', '/ops/consumers', '/ops/sagas', '/ops/events']) {
    strictEqual((await fetch(running.url + path)).status, 401, path);
    const customer = { headers: { authorization: 'Bearer customer' } };
    strictEqual((await fetch(running.url + path, customer)).status, 403, path);
  }
  strictEqual((await ask('/ops/projections/none/rebuild', { method: 'POST' })).status, 404);
  strictEqual((await ask('/ops/events')).status, 400);
});

test('what a service said in one business transaction can be asked for, with what led to it', { skip }, async (t) => {
  const create = noting(async (text, { outbox }) => text === 'cause' && outbox.add(say('effect')));
  const { running, platform, ask } = await aHostedService(t, { create });
  await running.begin();
  await platform.outbox.add(say('cause'));
  const [row] = await platform.db.query<{ correlation: string }>(
    `select context->>'correlationid' as correlation from outbox`,
  );
  await platform.outbox.add(say('unrelated'));
  const said = async () => {
    const answer = await ask(`/ops/events?correlationId=${row!.correlation}`);
    return ((await answer.json()) as { items: { id: string; key: string; causationId: string | null }[] }).items;
  };
  await eventually('both are told', async () => (await said()).length === 2);
  const [cause, effect] = await said();
  deepStrictEqual(
    [cause!.key, cause!.causationId, effect!.key, effect!.causationId],
    ['cause', null, 'effect', cause!.id],
  );
});

test('schedule 2.6: what was said is said again on demand, harmlessly, or it is told what is no longer kept', {
  skip,
}, async (t) => {
  const heard: string[] = [];
  const { running, platform, ask } = await aHostedService(t, { create: noting(async (text) => heard.push(text)) });
  await running.begin();
  await platform.outbox.add([...say('one'), ...say('two')]);
  await eventually('both are heard', () => heard.length === 2);
  const republish = async (since: string) => {
    const answer = await ask(`/ops/events/republish?since=${encodeURIComponent(since)}`, { method: 'POST' });
    return [answer.status, await answer.json()] as [number, Record<string, unknown>];
  };
  const long = '2020-01-01T00:00:00.000Z';
  deepStrictEqual(await republish(long), [202, { since: long, messages: 2 }]);
  await platform.outbox.add(say('three'));
  await eventually('the third is heard', () => heard.length === 3);
  deepStrictEqual(heard.toSorted(), ['one', 'three', 'two']);
  await eventually('all are marked', async () => (await ask('/metrics')).ok && (await unpublished(platform)) === 0);
  await platform.db.execute(`delete from outbox where key = 'one'`);
  const [status, { code, detail }] = await republish(long);
  deepStrictEqual([status, code], [409, 'beyond_retention']);
  match(String(detail), /1 messages of 1 keys of note\.events/);
  const recently = new Date(Date.now() - 3_600_000).toISOString();
  deepStrictEqual(await republish(recently), [202, { since: recently, messages: 2 }]);
  strictEqual((await republish('yesterday'))[0], 400);
});

test('promise 6: late is visible, at the first scrape: outbox age, lag, parked keys', { skip }, async (t) => {
  let isDown = true;
  class MoodyBus extends LocalBus {
    override async publish(...args: Parameters<LocalBus['publish']>): Promise<void> {
      if (isDown && args[0].length > 0) throw new Error('The broker is down.');
      return super.publish(...args);
    }
  }
  const held = Promise.withResolvers<void>();
  const create = noting(async (text) => {
    if (text === 'slow') await held.promise;
    if (text === 'poison') throw new Error('poison');
  });
  const { running, platform, metric, ask } = await aHostedService(t, { bus: new MoodyBus(), create });
  t.after(() => held.resolve());
  await running.begin();
  const labels = '{consumer="note.readers"}';
  strictEqual(await metric('outbox_unpublished'), 0);
  await platform.outbox.add([...say('poison'), ...say('slow')]);
  strictEqual(await metric('outbox_unpublished'), 2);
  ok((await metric('outbox_age_seconds'))! > 0);
  isDown = false;
  await eventually('the messages are on their way', async () => (await metric(`consumer_lag_messages${labels}`))! > 0);
  held.resolve();
  await eventually('the poison is parked', async () => (await metric(`parked_keys${labels}`)) === 1);
  strictEqual(await metric(`consumer_lag_messages${labels}`), 1);
  ok((await metric(`consumer_lag_seconds${labels}`))! > 0);
  const { items } = (await (await ask('/ops/consumers')).json()) as { items: { lag: number; parkedKeys: number }[] };
  deepStrictEqual([items[0]!.lag, items[0]!.parkedKeys], [1, 1]);
  const [letter] = ((await (await ask('/ops/dead-letters')).json()) as { items: { id: string }[] }).items;
  strictEqual((await ask(`/ops/dead-letters/${letter!.id}`, { method: 'DELETE' })).status, 202);
  await eventually('nothing waits', async () => (await metric(`consumer_lag_messages${labels}`)) === 0);
  strictEqual(await metric(`parked_keys${labels}`), 0);
  await eventually('what was published is marked', async () => (await metric('outbox_unpublished')) === 0);
});

test('promise 6: running and stuck sagas are metrics', { skip }, async (t) => {
  let counts = { running: 3, stuck: 1 };
  const runtime = {
    startTimers: async () => {},
    stopTimers: () => {},
    list: async () => [],
    view: async () => undefined,
    retry: async () => {},
    commands: () => [],
    counts: async () => counts,
  };
  const create = noting(async () => {}, { sagas: { consumer: 'note.readers', runtime } });
  const { metric } = await aHostedService(t, { create });
  deepStrictEqual([await metric('sagas_running'), await metric('sagas_stuck')], [3, 1]);
  counts = { running: 0, stuck: 0 };
  deepStrictEqual([await metric('sagas_running'), await metric('sagas_stuck')], [0, 0]);
});

test('jobs that wait and jobs that were given up are metrics, once the service has begun', { skip }, async (t) => {
  let bookings: JobQueue<object> | undefined;
  const { running, metric } = await aHostedService(t, {
    create: (platform) => {
      bookings = platform.jobs().queue({ name: 'bookings' }, async () => {
        throw new GiveUp('No such place.');
      });
      return noting(async () => {})(platform);
    },
  });
  const figures = async () => [
    await metric('jobs_open{queue="bookings"}'),
    await metric('jobs_failed{queue="bookings"}'),
  ];
  deepStrictEqual(await figures(), [undefined, undefined]);
  await running.begin();
  deepStrictEqual(await figures(), [0, 0]);
  await bookings!.enqueue({ id: 'order-1', data: {}, afterMs: 60_000 });
  await bookings!.enqueue({ id: 'order-2', data: {} });
  await eventually('one is given up', async () => (await figures())[1] === 1);
  deepStrictEqual(await figures(), [1, 1]);
});

test('sagas that listen to a consumer which is not there are refused at the start', { skip }, async (t) => {
  const runtime = { stopTimers: () => {} } as never;
  const { running } = await aHostedService(t, {
    create: noting(async () => {}, { sagas: { consumer: 'note.none', runtime } }),
  });
  await rejects(running.begin(), /note.none, which does not exist/);
});
