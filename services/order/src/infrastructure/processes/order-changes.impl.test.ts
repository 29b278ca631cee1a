import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as aTurn } from 'node:timers/promises';
import { OrderChanged, OrderStatusChanged } from '@ashlar/contracts/order';
import { LocalBus } from '@ashlar/messaging';
import { aMessage } from '@ashlar/messaging/contract-suites';
import type { OrderWatch } from '../../application/ports/order-changes.interface.ts';
import { ToldOrderChanges } from './order-changes.impl.ts';

/** Time passes only where a test says so. */
function setUp() {
  const waiting = new Set<() => void>();
  const timers = {
    once(_ms: number, work: () => void) {
      waiting.add(work);
      return () => waiting.delete(work);
    },
    every: () => () => {},
  };
  const pass = () => {
    for (const work of waiting) work();
  };
  return { changes: new ToldOrderChanges(timers), waiting, pass };
}

/** Whether the watch has something to tell by now. */
async function tells(watch: OrderWatch, signal: AbortSignal = new AbortController().signal): Promise<boolean> {
  let told = false;
  void watch.next(signal).then(() => (told = true));
  await aTurn();
  return told;
}

test('a change is told to all who watch the order, and to nobody else', async () => {
  const { changes } = setUp();
  const [one, two, other] = ['o1', 'o1', 'o2'].map((id) => changes.watch(id));
  changes.tell('o1', 'confirmed');
  deepStrictEqual([await tells(one!), await tells(two!), await tells(other!)], [true, true, false]);
});

test('a change between two looks is not missed, and told once', async () => {
  const { changes } = setUp();
  const watch = changes.watch('o1');
  changes.tell('o1', 'confirmed');
  strictEqual(await tells(watch), true);
  changes.tell('o1', 'shipped');
  strictEqual(await tells(watch), true);
  strictEqual(await tells(watch), false);
});

test('what was committed here and is heard from the bus as well wakes nobody twice', async () => {
  const { changes } = setUp();
  const watch = changes.watch('o1');
  changes.tell('o1', 'confirmed');
  strictEqual(await tells(watch), true);
  changes.tell('o1', 'confirmed');
  strictEqual(await tells(watch), false);
});

test('what another replica says of the status is heard, until nobody listens any more', async () => {
  const { changes } = setUp();
  const bus = new LocalBus();
  const stop = changes.listenTo(bus);
  const says = (contract: Parameters<typeof aMessage>[2] & object, status: string) =>
    bus.publish([aMessage('o1', 1, { ...contract, data: { orderId: 'o1', userId: 'u1', status } })]);
  const watch = changes.watch('o1');
  await says({ contract: OrderChanged }, 'confirmed');
  strictEqual(await tells(watch), false);
  await says({ contract: OrderStatusChanged }, 'confirmed');
  strictEqual(await tells(watch), true);
  stop();
  await says({ contract: OrderStatusChanged }, 'shipped');
  strictEqual(await tells(watch), false);
});

test('what nobody has told of is seen by looking again after a while', async () => {
  const { changes, pass } = setUp();
  const watch = changes.watch('o1');
  const next = watch.next(new AbortController().signal);
  pass();
  await next;
});

test('who leaves waits for nothing, and leaves nothing behind', async () => {
  const { changes, waiting } = setUp();
  const watch = changes.watch('o1');
  const leaving = new AbortController();
  const next = watch.next(leaving.signal);
  leaving.abort();
  await next;
  await watch.next(leaving.signal);
  watch.end();
  strictEqual(waiting.size, 0);
  changes.tell('o1', 'confirmed');
});
