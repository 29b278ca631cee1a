import { deepStrictEqual } from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ProductArchived, ProductChanged, ProductCreated, ProductRestated } from '@ashlar/contracts/product';
import { type Contract, LocalBus, type Parcel } from '@ashlar/messaging';
import { aShop } from './shop.fixtures.ts';

/** A product service whose answers count themselves, and would be kept for ten minutes. */
async function aCatalogue(t: TestContext): Promise<string> {
  let count = 0;
  const server = createServer(({ url = '' }, response) => {
    const id = /^\/v1\/products\/(\w+)/.exec(url)?.[1];
    const tag = id === undefined ? 'products' : `product-${id}`;
    const headers = { 'cdn-cache-control': 'public, max-age=600', 'cache-tag': tag };
    // What asks whether it is ready is counted by nobody.
    if (url.startsWith('/v1/')) count += 1;
    response.writeHead(200, headers).end(`${count}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const said = ({ type, channel }: Contract, subject: string): Parcel =>
  ({ channel, message: { type, subject } }) as Parcel;

test('what is said of a product makes its page and every list forgotten, and no other page', async (t) => {
  const news = new LocalBus();
  const { ask } = await aShop(t, { product: await aCatalogue(t) }, { news });
  const told = async () => {
    const answers: number[] = [];
    for (const path of ['/v1/products/a', '/v1/products/b', '/v1/products', '/v1/products?search=cup']) {
      answers.push(Number(await (await ask(path)).text()));
    }
    return answers;
  };
  deepStrictEqual(
    [await told(), await told()],
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
  );
  await news.publish([said(ProductChanged, 'a')]);
  deepStrictEqual(await told(), [5, 2, 6, 7]);
  await news.publish([said(ProductArchived, 'b'), said(ProductCreated, 'c')]);
  deepStrictEqual(await told(), [5, 8, 9, 10]);
  await news.publish([said(ProductRestated, 'a')]);
  deepStrictEqual(await told(), [5, 8, 9, 10]);
});

test('a gateway that is closed hears nothing more', async (t) => {
  let isHeard = false;
  const news = {
    overhear: () => {
      isHeard = true;
      return () => {
        isHeard = false;
      };
    },
  };
  const { gateway } = await aShop(t, { product: await aCatalogue(t) }, { news });
  deepStrictEqual(isHeard, true);
  await gateway.close();
  deepStrictEqual(isHeard, false);
});
