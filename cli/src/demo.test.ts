import { deepStrictEqual, match, rejects } from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ShopApi } from './demo/shop-api.ts';
import { browse } from './demo/shopping.ts';
import { demo } from './demo.ts';
import { OperationError } from './operations/operation.error.ts';

/** A shop with these products that answers everything else with 507. */
async function aShop(t: TestContext, items: readonly object[]): Promise<string> {
  const answer: RequestListener = ({ url }, response) => {
    if (url === '/readyz') return response.end('{}');
    if (url?.startsWith('/v1/products')) return response.end(JSON.stringify({ items, nextCursor: null }));
    return response.writeHead(507).end('{"code":"no_room"}');
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const product = (id: string, amount: number, currency = 'USD') => ({ id, price: { amount, currency } });

test('what one deposit could not pay for is not bought, nor what has another currency', async (t) => {
  const url = await aShop(t, [product('yacht', 10 ** 12, 'EUR'), product('cup', 700), product('tasse', 700, 'EUR')]);
  const api = new ShopApi(url);
  t.after(() => api.close());
  deepStrictEqual(
    (await browse(api)).map(({ id }) => id),
    ['cup'],
  );
});

test('when the shop refuses a customer, the demo says so in one line', async (t) => {
  const url = await aShop(t, [product('cup', 700)]);
  await rejects(demo(['--orders', '1', '--url', url]), (error: Error) => {
    match(error.message, /^the demo has ended early\. The shop answered 507: \{"code":"no_room"\}$/);
    return error instanceof OperationError;
  });
});
