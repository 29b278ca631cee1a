import { PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { createJobs } from './pg-boss-jobs.ts';

const [url = '', name = ''] = process.argv.slice(2);
const db = new PostgresDatabase({ url });
const jobs = createJobs({ url, db, tracing: createTracing({ service: 'busy' }), onError: () => {} });
const queue = jobs.queue({ name }, () => {
  process.send?.('begun');
  return new Promise<void>(() => {});
});
await jobs.start();
await queue.enqueue({ id: 'order-1', data: {} });
