import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Rules } from '@ashlar/postgres/contract-suites';
import type { Holder } from './leases.ts';
import type { MessageStage } from './message-stage.fixtures.ts';

const TTL_MS = 60_000;
const one: Holder = { replica: 'desk-1', id: 'a' };
const two: Holder = { replica: 'desk-2', id: 'a' };

const claimed = async ({ storage }: MessageStage, holder: Holder, ...names: readonly string[]) =>
  (await storage.leases.claim(holder, names, TTL_MS)).map(({ name }) => name);

/** A lease is held by one replica at a time, until it gives it back or has not been heard of for long enough. */
export const leasesRules: Rules<MessageStage> = {
  'schedule 3.11: what one holds another does not get': async (stage) => {
    deepStrictEqual(await claimed(stage, one, 'b', 'a'), ['a', 'b']);
    deepStrictEqual(await claimed(stage.another(), two, 'a', 'c'), ['c']);
    deepStrictEqual(await claimed(stage, one, 'a'), [], 'It has that already.');
    const { held, taken } = await stage.storage.leases.renew(one, TTL_MS);
    deepStrictEqual([held.toSorted(), taken], [['a', 'b'], ['c']]);
  },

  'of many that reach for a lease at once one gets it': async (stage) => {
    const holders = Array.from({ length: 5 }, (_, index) => ({ replica: `desk-${index}`, id: 'a' }));
    const gained = await Promise.all(holders.map((holder) => claimed(stage.another(), holder, 'a', 'b', 'c')));
    deepStrictEqual(gained.flat().toSorted(), ['a', 'b', 'c']);
  },

  'schedule 3.11: who is not heard of loses what it holds, and does not get it back by waking up': async (stage) => {
    const { leases } = stage.storage;
    await claimed(stage, one, 'a');
    await leases.renew(one, TTL_MS);
    await stage.passes(TTL_MS + 1_000);
    deepStrictEqual((await leases.renew(two, TTL_MS)).others, []);
    const [lease] = await leases.claim(two, ['a'], TTL_MS);
    strictEqual(lease?.epoch, 2);
    ok(lease.idleMs! >= TTL_MS, `It was idle for ${lease.idleMs} ms.`);
    const woken = await leases.renew(one, TTL_MS);
    deepStrictEqual([woken.held, woken.taken, woken.others], [[], ['a'], ['desk-2#a']]);
    await leases.release(one, ['a']);
    deepStrictEqual((await leases.renew(two, TTL_MS)).held, ['a'], 'Only a holder can give back.');
  },

  'one that has expired and that nobody has taken is not renewed either: work may have been given up': async (
    stage,
  ) => {
    const { leases } = stage.storage;
    await claimed(stage, one, 'a');
    await stage.passes(TTL_MS + 1_000);
    deepStrictEqual((await leases.renew(one, TTL_MS)).held, []);
    deepStrictEqual(await claimed(stage, one, 'a'), ['a']);
  },

  'what is renewed is kept': async (stage) => {
    await claimed(stage, one, 'a');
    for (let turn = 0; turn < 3; turn++) {
      await stage.passes(TTL_MS / 2);
      deepStrictEqual((await stage.storage.leases.renew(one, TTL_MS)).held, ['a']);
    }
    deepStrictEqual(await claimed(stage, two, 'a'), []);
  },

  'what is given back is free at once, and known to have been held': async (stage) => {
    const { leases } = stage.storage;
    await claimed(stage, one, 'a', 'b');
    await leases.release(one, ['a']);
    const [lease] = await leases.claim(two, ['a', 'b'], TTL_MS);
    deepStrictEqual([lease?.name, lease?.epoch], ['a', 2]);
    ok(lease!.idleMs! < TTL_MS);
    const [fresh] = await leases.claim(two, ['new'], TTL_MS);
    deepStrictEqual(fresh, { name: 'new', epoch: 1 });
  },

  'replicas know of each other, until one leaves and gives all back': async (stage) => {
    const { leases } = stage.storage;
    await leases.renew(one, TTL_MS);
    await claimed(stage, two, 'a');
    const { others: present, expiresInMs } = await leases.renew(two, TTL_MS);
    deepStrictEqual(present, ['desk-1#a']);
    ok(expiresInMs! > 0 && expiresInMs! <= TTL_MS, `The other one expires in ${expiresInMs} ms.`);
    deepStrictEqual((await leases.renew(one, TTL_MS)).others, ['desk-2#a']);
    await leases.leave(two);
    const { others, taken } = await leases.renew(one, TTL_MS);
    deepStrictEqual([others, taken, await claimed(stage, one, 'a')], [[], [], ['a']]);
  },

  'who begins under the name of a replica follows it: what that held is free at once': async (stage) => {
    const { leases } = stage.storage;
    await claimed(stage, one, 'a');
    await claimed(stage, two, 'b');
    await leases.renew(one, TTL_MS);
    const next = { ...one, id: 'b' };
    await leases.enter(next);
    deepStrictEqual((await leases.renew(next, TTL_MS)).others, []);
    deepStrictEqual(await claimed(stage, next, 'a', 'b'), ['a']);
    await leases.enter(next);
    deepStrictEqual((await leases.renew(next, TTL_MS)).held, ['a']);
  },

  'what one held that is known to be dead is free at once, and that of nobody else': async (stage) => {
    const { leases } = stage.storage;
    await claimed(stage, one, 'a');
    await claimed(stage, two, 'b');
    await leases.renew(one, TTL_MS);
    await leases.renew(two, TTL_MS);
    await leases.bury(one.replica);
    const { held, others } = await leases.renew(two, TTL_MS);
    deepStrictEqual([held, others, await claimed(stage, two, 'a')], [['b'], [], ['a']]);
  },
};
