import { createJobs, GiveUp } from '@ashlar/jobs';
import { PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';

const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
const db = new PostgresDatabase({ url });
const jobs = createJobs({
  url,
  db,
  tracing: createTracing({ service: 'shipping' }),
  onError: (error) => console.error(error.message),
  onFailedAttempt: ({ id, attempt, error }) => console.log(`${id}: attempt ${attempt} failed, ${error.message}`),
});

const booked = Promise.withResolvers<void>();
const bookings = jobs.queue<{ city: string }>({ name: 'carrier-bookings' }, async ({ city }, { id, attempt }) => {
  if (city === 'Nowhere') throw new GiveUp('No such place.');
  if (attempt === 1) throw new Error('the carrier is away');
  console.log(`${id}: booked to ${city} at the ${attempt}nd attempt`);
  booked.resolve();
});

await jobs.start();
await db.transaction(async () => {
  await bookings.enqueue({ id: 'order-1', data: { city: 'Freiburg' } });
  await bookings.enqueue({ id: 'order-2', data: { city: 'Nowhere' } });
});
const cancelled = db.transaction(async () => {
  await bookings.enqueue({ id: 'order-3', data: { city: 'Basel' } });
  throw new Error('The customer has changed his mind.');
});
await cancelled.catch((error: Error) => console.log(`order-3: was never enqueued. ${error.message}`));

await booked.promise;
for (const { id, error } of await jobs.failed()) console.log(`${id}: given up. ${error}`);
await jobs.stop();
await db.close();
