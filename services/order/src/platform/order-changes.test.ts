import { test } from 'node:test';
import { OrderStatusChanged } from '@ashlar/contracts/order';
import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import { httpMigrations } from '@ashlar/http';
import { LocalBus, messagingMigrations, PostgresOutbox } from '@ashlar/messaging';
import { aMessage } from '@ashlar/messaging/contract-suites';
import { eventually, onPrimary, PostgresDatabase, databaseMissing as skip, withTestDatabase } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import { orderService, productionAdapters } from './composition-root.ts';

const SETTINGS = { saga: 'orchestration', stepTimeoutMs: 1_000, readModels: 'postgres' } as const;
const status = { orderId: 'o1', userId: 'u1', status: 'confirmed' };

/** Nobody looks again by himself: what is not told is never seen. */
const timers = { ...systemTimers, once: () => () => {} };

test('who follows an order hears what another replica has done to it', { skip }, async () => {
  const kit = await Promise.all([messagingMigrations(), httpMigrations(), orderService(SETTINGS).migrations()]);
  await withTestDatabase(kit.flat(), async ({ url }) => {
    const db = new PostgresDatabase({ url });
    const news = new LocalBus();
    const [clock, ids] = [systemClock, new UuidV7Ids()];
    const outbox = new PostgresOutbox({ db, clock, ids, onCommitted: () => {} });
    const telemetry = createTelemetry({ service: 'order', logLevel: 'silent' });
    const jobs = () => {
      throw new Error('The order service has no jobs.');
    };
    const platform = { db, reads: onPrimary(db), outbox, clock, ids, timers, telemetry, news, jobs };
    const adapters = productionAdapters(platform, SETTINGS);
    await adapters.start();
    const watch = adapters.changes.watch('o1');
    let heard = false;
    void watch.next(new AbortController().signal).then(() => (heard = true));
    await news.publish([aMessage('o1', 1, { contract: OrderStatusChanged, data: status })]);
    await eventually('the change is heard', () => heard);
    watch.end();
    await adapters.stop();
    await db.close();
  });
});
