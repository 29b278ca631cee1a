import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient } from '@ashlar/resilience';

// A card processor that works, fails three times, and works again.
const answers = [201, 500, 500, 500, 201];
const processor = createServer((_, response) => {
  const status = answers.shift() ?? 201;
  response.writeHead(status, { 'content-type': 'application/json' }).end('{"status":"accepted"}');
});
await once(processor.listen(0, '127.0.0.1'), 'listening');

let recovering = () => {};
const cards = createHttpClient({
  name: 'card-processor',
  origin: `http://127.0.0.1:${(processor.address() as AddressInfo).port}`,
  timeoutMs: 3_000,
  breaker: { errorRate: 0.5, volume: 4, windowMs: 10_000, openMs: 100 },
  retry: { attempts: 2, baseMs: 10, maxMs: 100 },
  onEvent: (event) => {
    if (event.type === 'state_changed') console.log(`  the breaker is ${event.state}`);
    if (event.type === 'state_changed' && event.state === 'half-open') recovering();
  },
});

// The type of the answer is the union of both: a caller cannot forget that a charge may be pending.
const charge = cards.withFallback(({ reason }) => ({ status: 202, body: { status: 'pending', reason } }));

async function deposit(key: string): Promise<void> {
  const headers = { 'idempotency-key': key };
  const body = { amount: { amount: 1299, currency: 'USD' }, cardToken: 'tok_visa' };
  const answer = await charge({ method: 'POST', path: '/charges', body, headers, idempotent: true });
  console.log(key, answer.status, JSON.stringify(answer.body));
}

const halfOpen = new Promise<void>((resolve) => {
  recovering = resolve;
});

await deposit('deposit 1'); // 201
await deposit('deposit 2'); // 202: both attempts fail
await deposit('deposit 3'); // 202: the third failure opens the breaker, so there is no second attempt
await deposit('deposit 4'); // 202: the processor is not even asked
await halfOpen;
await deposit('deposit 5'); // 201: the probe finds it working again

await cards.close();
processor.close();
