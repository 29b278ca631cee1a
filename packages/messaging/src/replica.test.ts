import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { ManualTimers } from './manual-timers.fixtures.ts';
import { type Desk, useMessaging } from './messaging.fixtures.ts';
import { PostgresLeases } from './postgres-leases.ts';
import { type Claim, Replica } from './replica.ts';

const skip = databaseMissing;
const setUp = useMessaging();
const ids = new UuidV7Ids();
const PARTITIONS = Array.from({ length: 8 }, (_, index) => `p${index}`);

/** A replica whose time passes only by what the test does, and that notes what it has. */
class Watched {
  readonly timers = new ManualTimers();
  readonly has = new Set<string>();
  readonly claims: Claim[] = [];
  readonly replica: Replica;
  /** What it waits for before it lets go. */
  letsGo: Promise<void> = Promise.resolve();
  now = systemClock.now().getTime();

  constructor(
    readonly desk: Desk,
    readonly name: string,
    { partitions = PARTITIONS } = {},
  ) {
    const leases = new PostgresLeases(desk.db);
    const clock = { now: () => new Date(this.now) };
    this.replica = new Replica({ leases, name, nextId: () => ids.next(), clock, timers: this.timers });
    this.replica.share('readers', partitions, {
      gained: (claim) => {
        this.has.add(claim.name);
        this.claims.push(claim);
      },
      lost: async ({ name: lost }) => {
        await this.letsGo;
        this.has.delete(lost);
      },
    });
  }

  async start(t: TestContext): Promise<this> {
    await this.replica.start();
    t.after(() => this.replica.stop());
    return this;
  }
}

/** All of them look again, until they have so many each. */
const untilThey = (have: readonly number[], all: readonly Watched[]) =>
  eventually(`they have ${have}`, async () => {
    for (const { timers } of all) timers.advance(1_000);
    const names = all.flatMap(({ has }) => [...has]);
    strictEqual(new Set(names).size, names.length, 'Two have the same.');
    return all.map(({ has }) => has.size).join() === have.join();
  });

/** Five seconds of the database's time. */
const expire = (desk: Desk, name: string) =>
  desk.db.execute(
    `with gone as (update replicas set expires_at = clock_timestamp() where holder like $1 || '#%')
     update leases set expires_at = clock_timestamp() where holder like $1 || '#%'`,
    [name],
  );

test('who comes gets a fair share, and who leaves gives his to the others', { skip }, async (t) => {
  const desk = await setUp(t);
  const first = await new Watched(desk, 'one').start(t);
  strictEqual(first.has.size, 8, 'Alone it has all, as of its start.');
  const second = await new Watched(desk, 'two').start(t);
  await untilThey([4, 4], [first, second]);
  const third = await new Watched(desk, 'three').start(t);
  await eventually('no two differ by more than one', async () => {
    await untilThey(
      [3, 3, 2],
      [first, second, third].toSorted((a, b) => b.has.size - a.has.size),
    );
    return true;
  });
  await second.replica.stop();
  await untilThey([4, 4], [first, third]);
  deepStrictEqual([...first.has, ...third.has].toSorted(), PARTITIONS);
});

test('who comes has its share as soon as the others have let go of it', { skip }, async (t) => {
  const desk = await setUp(t);
  const first = await new Watched(desk, 'one').start(t);
  const second = await new Watched(desk, 'two').start(t);
  first.timers.advance(1_000);
  const free = 'select 1 from leases where holder is null';
  await eventually('four are free', async () => (await desk.db.query(free)).length === 4);
  second.timers.advance(200);
  await eventually('it has them', () => second.has.size === 4);
});

test('with fewer parts than replicas each part has one', { skip }, async (t) => {
  const desk = await setUp(t);
  const all = ['one', 'two', 'three'].map((name) => new Watched(desk, name, { partitions: ['p0'] }));
  for (const one of all) await one.start(t);
  await eventually('one has it', () => {
    for (const { timers } of all) timers.advance(1_000);
    return all.reduce((sum, { has }) => sum + has.size, 0) === 1;
  });
});

test('schedule 3.11: what one had that is not heard of, the others take; when it wakes up it learns that', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const [frozen, other] = [await new Watched(desk, 'frozen').start(t), await new Watched(desk, 'other').start(t)];
  await untilThey([4, 4], [frozen, other]);
  const before = frozen.claims.filter(({ name }) => frozen.has.has(name));
  await expire(desk, 'frozen');
  await untilThey([8], [other]);
  frozen.now += 5_001;
  ok(
    before.every(({ isHeld }) => !isHeld),
    'Its own clock says so before it has asked anybody.',
  );
  frozen.timers.advance(1_000);
  await eventually('it has let go', () => {
    // Meanwhile the other one is heard of, however long it takes.
    other.timers.advance(1_000);
    return before.every(({ isOver }) => isOver);
  });
  await untilThey([4, 4], [frozen, other]);
});

test('what is given up goes to another only when nobody works on it any more', { skip }, async (t) => {
  const desk = await setUp(t);
  const first = await new Watched(desk, 'one').start(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  first.letsGo = promise;
  const second = await new Watched(desk, 'two').start(t);
  first.timers.advance(1_000);
  await eventually('four are being given up', () => first.claims.filter(({ isOver }) => isOver).length === 4);
  for (let turn = 0; turn < 50; turn++) {
    second.timers.advance(1_000);
    await desk.db.query('select 1');
  }
  deepStrictEqual([first.has.size, second.has.size], [8, 0]);
  resolve();
  await untilThey([4, 4], [first, second]);
});

test('a duty has one replica, which keeps it until it goes', { skip }, async (t) => {
  const desk = await setUp(t);
  const all = ['one', 'two', 'three'].map((name) => new Watched(desk, name, { partitions: [] }));
  const duties = all.map(({ replica }) => replica.keep('upkeep'));
  const holders = () => all.flatMap(({ name }, index) => (duties[index]!.claim ? [name] : []));
  for (const one of all) await one.start(t);
  for (const { timers } of all) timers.advance(3_000);
  deepStrictEqual(holders(), ['one']);
  strictEqual(duties[0]!.claim?.isAfterAbsence, true, 'Nobody was here before it.');
  await all[0]!.replica.stop();
  await eventually('another has it', () => {
    for (const { timers } of all.slice(1)) timers.advance(1_000);
    return holders().length === 1;
  });
  const heir = duties.find(({ claim }) => claim)!.claim!;
  deepStrictEqual([heir.isAfterAbsence, heir.epoch], [false, 2]);
});

test('who follows a replica under its name has at once what that had', { skip }, async (t) => {
  const desk = await setUp(t);
  const dead = new Watched(desk, 'one');
  await dead.replica.start();
  const next = await new Watched(desk, 'one').start(t);
  strictEqual(next.has.size, 8);
  dead.timers.advance(1_000);
  await eventually('the other learns it', () => dead.has.size === 0);
  await dead.replica.stop();
  next.timers.advance(1_000);
  strictEqual(next.has.size, 8);
});

test('what one had whose death is told, another takes at once', { skip }, async (t) => {
  const desk = await setUp(t);
  const leases = new PostgresLeases(desk.db);
  const dead = { replica: 'one', id: 'a' };
  await leases.renew(dead, 60_000);
  await leases.claim(dead, PARTITIONS, 60_000);
  const heir = await new Watched(desk, 'two').start(t);
  await heir.replica.bury('two');
  strictEqual(heir.has.size, 0, 'Nobody buries itself.');
  await heir.replica.bury('one');
  strictEqual(heir.has.size, 8);
});

test('a lease whose answer was lost is given back, and a database that is away ends nothing before its time', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const one = await new Watched(desk, 'one').start(t);
  await desk.server.admit(false);
  one.timers.advance(1_000);
  strictEqual(one.claims.filter(({ isHeld }) => isHeld).length, 8);
  one.now += 5_001;
  one.timers.advance(1_000);
  await eventually('it stops by itself', () => one.has.size === 0);
  await desk.server.admit(true);
  one.now = systemClock.now().getTime();
  await untilThey([8], [one]);
});
