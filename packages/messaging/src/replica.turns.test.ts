import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import type { Leases, Renewal } from './leases.ts';
import { ManualTimers } from './manual-timers.fixtures.ts';
import { Replica } from './replica.ts';

const NAMES = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'];

/** A replica that is told this whenever it renews; all that it claims it gets. */
async function aReplica(renewal: Partial<Renewal>) {
  const claimed: string[] = [];
  let renewals = 0;
  const leases: Leases = {
    enter: async () => {},
    bury: async () => {},
    renew: async () => {
      renewals += 1;
      return { held: [...claimed], taken: [], others: [], expiresInMs: null, ...renewal };
    },
    claim: async (_, names) => {
      claimed.push(...names);
      return names.map((name) => ({ name, epoch: 1 }));
    },
    release: async () => {},
    leave: async () => {},
  };
  const timers = new ManualTimers();
  const replica = new Replica({ leases, name: 'order-1', nextId: () => 'one', clock: systemClock, timers });
  replica.share('readers', NAMES, { gained: () => {}, lost: async () => {} });
  await replica.start();
  return { claimed, timers, renewals: () => renewals };
}

test('of what is free a replica takes no more than its share, and leaves the rest to the others', async () => {
  const { claimed } = await aReplica({ others: ['order-2#one'] });
  strictEqual(claimed.length, 4);
});

test('what somebody has who is not heard of is looked for when it expires, not only in a second', async () => {
  const taken = NAMES.slice(4);
  const soon = await aReplica({ others: ['order-2#one'], taken, expiresInMs: 300 });
  soon.timers.advance(350);
  const late = await aReplica({ others: ['order-2#one'], taken, expiresInMs: 4_000 });
  late.timers.advance(350);
  await new Promise(setImmediate);
  deepStrictEqual([soon.renewals(), late.renewals()], [2, 1]);
});
