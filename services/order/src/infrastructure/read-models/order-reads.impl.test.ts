import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Freshness } from '@ashlar/domain';
import type { OrderView } from '../../application/ports/order-views.interface.ts';
import { RoutedOrderReads } from './order-reads.impl.ts';
import { RecentChanges } from './recent-changes.ts';

const view = (version: number) => ({ version, order: { id: 'o1', userId: 'u1' } }) as OrderView;

/** A read model that is one version behind the orders. */
function setUp({ isFilled = true } = {}) {
  let now = Date.parse('2026-01-01T12:00:00Z');
  const recent = new RecentChanges({ now: () => new Date(now) });
  const known = (version: number) => ({
    find: async (id: string) => (id === 'o1' || version === 2 ? view(version) : undefined),
    list: async () => [view(version)],
  });
  const options = { stored: known(2) as never, views: known(1), recent, isFilled: async () => isFilled };
  return { reads: new RoutedOrderReads(options), recent, pass: (ms: number) => (now += ms) };
}

const change = { orderId: 'o1', userId: 'u1', version: 2 };
const own = { userId: 'u1', limit: 9 };

test('what may be a moment old is read in the read model, what it lacks or must be newer in the orders', async () => {
  const { reads } = setUp();
  deepStrictEqual(await reads.find('o1', 'any'), view(1));
  deepStrictEqual(await reads.find('o1', 'newest'), view(2));
  deepStrictEqual(await reads.find('o2', 'any'), view(2));
  deepStrictEqual(await reads.list(own, 'any'), [view(1)]);
  deepStrictEqual(await reads.list(own, 'newest'), [view(2)]);
});

test('whoever has seen a change here does not read an older state here, until the read model has it', async () => {
  const { reads, recent, pass } = setUp();
  recent.note(change);
  deepStrictEqual(await reads.find('o1', 'any'), view(2));
  deepStrictEqual(await reads.list(own, 'any'), [view(2)]);
  deepStrictEqual(await reads.list({ ...own, userId: 'u2' }, 'any'), [view(1)]);
  recent.note({ ...change, version: 1 });
  deepStrictEqual(await reads.find('o1', 'any'), view(1));
  pass(2_500);
  recent.note({ orderId: 'o9', userId: 'u9', version: 1 });
  strictEqual(recent.isOutdated('o1', undefined), false);
  deepStrictEqual(await reads.list(own, 'any'), [view(1)]);
});

test('a read model that is being filled for the first time answers no lists', async () => {
  const { reads } = setUp({ isFilled: false });
  deepStrictEqual(await reads.list(own, 'any'), [view(2)]);
});

test('while the database is away, copies answer for what the read model cannot ask', async () => {
  const asked: Freshness[] = [];
  const stored = {
    async find(_: string, freshness: Freshness) {
      asked.push(freshness);
      return view(2);
    },
  };
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const readsWhere = (error: Error) => {
    const views = { find: () => Promise.reject(error), list: async () => [] };
    const recent = new RecentChanges({ now: () => new Date() });
    return new RoutedOrderReads({ stored: stored as never, views, recent, isFilled: async () => true });
  };
  deepStrictEqual(await readsWhere(away).find('o1', 'any'), view(2));
  deepStrictEqual(asked, ['latest']);
  await rejects(readsWhere(new Error('wrong')).find('o1', 'any'), /wrong/);
});
