import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startOf } from './fleet.fixtures.ts';
import { Replica, type ReplicaEnd } from './replica.ts';

test('of a replica that dies it is told why, where it has said so', async () => {
  const { promise, resolve } = Promise.withResolvers<ReplicaEnd>();
  const replica = new Replica({
    name: 'order-1',
    entry: fileURLToPath(new URL('./replica.child.js', import.meta.url)),
    environment: { FAILING: 'order-1' },
    version: '1.0.0',
    orders: () => [startOf('order', 'order-1')],
    observer: { changed() {}, listening() {}, draining() {}, gone() {}, died: (_, end) => resolve(end) },
  });
  const { code, why } = await promise;
  await replica.leave();
  deepStrictEqual([code, why], [1, 'ashlar: order-1 cannot start.']);
});
