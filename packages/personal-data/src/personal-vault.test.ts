import { deepStrictEqual, notStrictEqual, rejects, strictEqual, throws } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Freshness } from '@ashlar/domain';
import { databaseMissing, eventually, type PostgresDatabase } from '@ashlar/postgres';
import { TripCount, useTestDatabase } from '@ashlar/postgres/contract-suites';
import { KeyedHash } from './keyed-hash.ts';
import { personalDataMigrations } from './migrations.ts';
import { personalKeysContract } from './personal-keys.contract.ts';
import type { PersonalKeys } from './personal-keys.ts';
import { PersonalVault } from './personal-vault.ts';
import { PostgresPersonalKeys } from './postgres-personal-keys.ts';
import { sealStored } from './seal-stored.ts';
import { publicKeyOf, sealFor } from './sealed-box.ts';
import { open, seal } from './sealing.ts';

const skip = databaseMissing;
const useDatabase = useTestDatabase(personalDataMigrations);

async function someoneWaits(db: PostgresDatabase): Promise<boolean> {
  const sql = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  return (await db.query(sql)).length > 0;
}

personalKeysContract('PostgreSQL', {
  makeStage: async (t) => {
    const { db, another } = await useDatabase(t);
    const repository: PersonalKeys = new PostgresPersonalKeys(db);
    return {
      repository,
      elsewhere: new PostgresPersonalKeys(another()),
      transaction: (work, options) => db.transaction(work, options),
      told: () => [],
      someoneWaits: () => someoneWaits(db),
    };
  },
  skip,
});

test('keys are found where it is said, and locked where they are kept', { skip }, async (t) => {
  const { db, another } = await useDatabase(t);
  const copy = another();
  const asked: Freshness[] = [];
  const at = (freshness: Freshness) => {
    asked.push(freshness);
    return copy;
  };
  const keys = new PostgresPersonalKeys(db, { at });
  const made = await db.transaction(() => keys.use('ada'));
  deepStrictEqual(asked, []);
  deepStrictEqual([(await keys.find(['ada'])).get('ada'), asked], [made, ['latest']]);
});

const [key, otherKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const home = { city: 'Ulm', line1: 'Main 1' };
const address = { of: 'ada', as: 'address', value: home };

test('what is sealed opens with its key, and nobody reads it without', () => {
  const sealed = seal(key, address);
  deepStrictEqual(open(key, JSON.parse(JSON.stringify(sealed))), home);
  strictEqual(/Ulm|Main/.test(Buffer.from(sealed.sealed, 'base64').toString('latin1')), false);
  throws(() => open(otherKey, sealed));
  notStrictEqual(seal(key, address).sealed, sealed.sealed);
});

test('what is sealed opens only whole, for its owner, and as what it is', () => {
  for (const sealed of [seal(key, address), sealFor(publicKeyOf(key), address)]) {
    const prefix = sealed.sealed.startsWith('box.') ? 'box.' : '';
    const bytes = Buffer.from(sealed.sealed.slice(prefix.length), 'base64');
    for (const at of [0, 20, 40, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      throws(() => open(key, { ...sealed, sealed: prefix + changed.toString('base64') }), `byte ${at}`);
    }
    throws(() => open(key, { ...sealed, of: 'bob' }));
    throws(() => open(key, { ...sealed, as: 'name' }));
  }
});

test('what is sealed for a public key is opened by its keeper alone', () => {
  const sealed = sealFor(publicKeyOf(key), address);
  deepStrictEqual(open(key, sealed), home);
  throws(() => open(otherKey, sealed));
});

const aVault = (db: PostgresDatabase) => new PersonalVault(new PostgresPersonalKeys(db));

test('once a person is erased nothing of theirs opens, sealed by us or for us', { skip }, async (t) => {
  const { db } = await useDatabase(t);
  const vault = aVault(db);
  const { name } = (await db.transaction(() => vault.seal('ada', { name: 'Ada' })))!;
  const other = (await db.transaction(() => vault.seal('bob', { name: 'Bob' })))!;
  const box = sealFor((await db.transaction(() => vault.publicKey('ada')))!, address);
  deepStrictEqual(await vault.openAll([name, other.name, box]), ['Ada', 'Bob', home]);
  await vault.erase('ada');
  deepStrictEqual(await vault.openAll([name, other.name, box]), [undefined, 'Bob', undefined]);
  const afterwards = await db.transaction(async () => [
    await vault.seal('ada', { name: 'Ada' }),
    await vault.publicKey('ada'),
    await vault.isErased('ada'),
    await vault.isErased('bob'),
  ]);
  deepStrictEqual(afterwards, [undefined, undefined, true, false]);
});

test('a transaction asks once for a key, and once for all that it will need', { skip }, async (t) => {
  const { db, another } = await useDatabase(t);
  for (const owner of ['ada', 'bob']) await db.transaction(() => aVault(db).seal(owner, { name: owner }));
  const trips = new TripCount();
  const counted = another({ roundTrips: trips });
  const vault = aVault(counted);
  const work = async () => {
    const { name } = (await vault.seal('ada', { name: 'Ada' }))!;
    deepStrictEqual([await vault.open(name), await vault.isErased('ada')], ['Ada', false]);
    await vault.seal('bob', { name: 'Bob' });
  };
  strictEqual(await trips.of(() => counted.transaction(work)), 3, 'both keys, and the commit');
  const ahead = () => counted.transaction(() => vault.prefetch(['ada', 'bob']).then(work));
  strictEqual(await trips.of(ahead), 2, 'the keys, and the commit');
});

test('of two who make a key at once the second waits, and gets that of the first', { skip }, async (t) => {
  const { db, another } = await useDatabase(t);
  const other = another();
  const [keys, others] = [new PostgresPersonalKeys(db), new PostgresPersonalKeys(other)];
  let second: Promise<Buffer | undefined> | undefined;
  const first = await db.transaction(async () => {
    const key = await keys.use('ada');
    second = other.transaction(() => others.use('ada'));
    await eventually('it waits', () => someoneWaits(other));
    return key;
  });
  deepStrictEqual(await second, first);
});

test('a keyed hash is the same for everyone of a service, another for each secret', { skip }, async (t) => {
  const { db, another } = await useDatabase(t);
  const failing = new KeyedHash(db, 'email');
  await rejects(
    db.transaction(async () => {
      await failing.of('ada@example.org');
      throw new Error('refused');
    }),
  );
  const hash = await failing.of('ada@example.org');
  strictEqual(await new KeyedHash(another(), 'email').of('ada@example.org'), hash);
  notStrictEqual(await failing.of('bob@example.org'), hash);
  notStrictEqual(await new KeyedHash(db, 'phone').of('ada@example.org'), hash);
});

async function anOldTable(t: TestContext) {
  const { db, another } = await useDatabase(t);
  await db.execute('create table if not exists people (id int primary key, name jsonb)');
  await db.execute(`insert into people select n, to_jsonb('Ada ' || n) from generate_series(1, 25) n`);
  const portionOf = (on: PostgresDatabase) => async () => {
    const sql = `select id, name from people where jsonb_typeof(name) = 'string' order by id limit 10 for update`;
    const rows = await on.query<{ id: number; name: string }>(sql);
    for (const { id, name } of rows) {
      const sealed = await aVault(on).seal(`p${id}`, { name });
      await on.write({ sql: 'update people set name = $2 where id = $1', values: [id, sealed!.name] });
    }
    return rows.length;
  };
  const openOnes = async () => (await db.query(`select 1 from people where jsonb_typeof(name) = 'string'`)).length;
  return { db, another, portionOf, openOnes };
}

test('what was stored open is sealed portion by portion, and gone on with where it was cut off', {
  skip,
}, async (t) => {
  const { db, portionOf, openOnes } = await anOldTable(t);
  let portions = 0;
  const cutOff = async () => {
    if (++portions > 1) throw new Error('the process has died');
    return portionOf(db)();
  };
  await rejects(sealStored(db, 'people', cutOff), /died/);
  strictEqual(await openOnes(), 15);
  await sealStored(db, 'people', portionOf(db));
  strictEqual(await openOnes(), 0);
  const [row] = await db.query<{ name: never }>('select name from people where id = 25');
  strictEqual(await aVault(db).open(row!.name), 'Ada 25');
  await sealStored(db, 'people', () => Promise.reject(new Error('It has been done.')));
});

test('two replicas that start at once seal each datum once', { skip }, async (t) => {
  const { db, another, portionOf, openOnes } = await anOldTable(t);
  const on = [db, another()];
  const sealed = await Promise.all(
    on.map(async (one) => {
      let count = 0;
      await sealStored(one, 'people', async () => {
        const some = await portionOf(one)();
        count += some;
        return some;
      });
      return count;
    }),
  );
  strictEqual(sealed[0]! + sealed[1]!, 25);
  await eventually('nothing is open', async () => (await openOnes()) === 0);
});
