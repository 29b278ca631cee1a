import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OrderView, ProductView, ShipmentView } from '@ashlar/cli';
import { anAddress, dollars, expectStatus, Member } from '../shop/member.ts';
import { CUP_PRICE, NOBODY, refused, type StageTests, wrongPaths } from './stage.ts';

export const orders: StageTests = {
  'an order is taken at once, at the prices of the catalogue, with one line for each product': async ({
    alice,
    cup,
  }) => {
    const items = [
      { productId: cup.id, quantity: 2 },
      { productId: cup.id, quantity: 3 },
    ];
    const answer = expectStatus(
      202,
      await alice.call<OrderView>('POST /v1/orders', {
        body: { items, currency: 'USD', shippingAddress: { ...anAddress, line2: 'left' } },
      }),
    );
    const { id, timeline, createdAt, updatedAt, ...order } = answer.body;
    strictEqual(answer.headers['location'], `/v1/orders/${id}`);
    strictEqual(createdAt, updatedAt);
    strictEqual(timeline.length, 1);
    deepStrictEqual(order, {
      userId: alice.id,
      status: 'pending',
      items: [{ productId: cup.id, name: 'Cup', quantity: 5, unitPrice: dollars(CUP_PRICE) }],
      total: dollars(5 * CUP_PRICE),
      shippingAddress: { ...anAddress, line2: 'left' },
    });
    strictEqual((await alice.settled(id)).status, 'confirmed');
  },

  'only what is sold can be ordered, in its own currency': async ({ admin, alice, cup }) => {
    refused(await alice.askForOrder({ productId: NOBODY }), '422 unknown_product');
    refused(await alice.askForOrder({ productId: cup.id, currency: 'EUR' }), '422 currency_mismatch');
    const gone = await admin.makeProduct();
    const { headers } = expectStatus(204, await admin.call(`DELETE /v1/products/${gone.id}`));
    const token = { 'consistency-token': headers['consistency-token'] ?? '' };
    refused(await alice.askForOrder({ productId: gone.id, headers: token }), '422 product_archived');
  },

  'an order has an upper limit': async ({ admin, alice }) => {
    const { id } = await admin.makeProduct({ price: 1e12 });
    const other = await admin.makeProduct();
    const items = [
      { productId: id, quantity: 1_000 },
      { productId: other.id, quantity: 1 },
    ];
    refused(
      await alice.call('POST /v1/orders', { body: { items, currency: 'USD', shippingAddress: anAddress } }),
      '422 total_too_large',
    );
  },

  'an order says what and how much and where to, and nothing else': async ({ alice, cup }) => {
    const good = { items: [{ productId: cup.id, quantity: 1 }], currency: 'USD', shippingAddress: anAddress };
    const wrong: readonly (readonly [body: object, path: string])[] = [
      [{ ...good, items: [] }, '/items'],
      [{ ...good, items: Array.from({ length: 51 }, () => good.items[0]) }, '/items'],
      [{ ...good, items: [{ productId: cup.id, quantity: 0 }] }, '/items/0/quantity'],
      [{ ...good, items: [{ productId: cup.id, quantity: 1_001 }] }, '/items/0/quantity'],
      [{ ...good, items: [{ productId: cup.id, quantity: '1' }] }, '/items/0/quantity'],
      [{ ...good, items: [{ productId: 'cup', quantity: 1 }] }, '/items/0/productId'],
      [{ ...good, items: [{ ...good.items[0], unitPrice: dollars(1) }] }, '/items/0/unitPrice'],
      [{ ...good, currency: 'dollars' }, '/currency'],
      [{ ...good, shippingAddress: { ...anAddress, country: 'USA' } }, '/shippingAddress/country'],
      [{ ...good, shippingAddress: { ...anAddress, city: '' } }, '/shippingAddress/city'],
      [{ ...good, shippingAddress: { ...anAddress, name: '  ' } }, '/shippingAddress/name'],
      [{ ...good, total: dollars(1) }, '/total'],
      [{ ...good, userId: NOBODY }, '/userId'],
      [{ items: good.items, currency: 'USD' }, '/shippingAddress'],
    ];
    for (const [body, path] of wrong) {
      const paths = wrongPaths(refused(await alice.call('POST /v1/orders', { body }), '400 invalid_request'));
      ok(paths.includes(path), `${path} is not among ${paths}`);
    }
  },

  'own orders are listed newest first, page by page, by status': async ({ admin, api, cup }) => {
    const member = await Member.withMoney(api, 10 * CUP_PRICE);
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) {
      const { id } = await member.order({ productId: cup.id, country: at === 1 ? 'AQ' : 'US' });
      ids.unshift(id);
      await member.settled(id);
    }
    const listed = async (query: string, who: Member = member) =>
      (await who.all<OrderView>(`/v1/orders${query}`)).map(({ id }) => id);
    deepStrictEqual(await listed(''), ids);
    deepStrictEqual(await listed('?status=rejected'), [ids[1]]);
    deepStrictEqual(await listed(`?userId=${member.id}`, admin), ids);
    const page = await member.get<{ items: OrderView[]; nextCursor: string }>('/v1/orders?limit=2');
    deepStrictEqual(
      page.items.map(({ id }) => id),
      ids.slice(0, 2),
    );
    const rest = await member.get<{ items: OrderView[]; nextCursor: null }>(
      `/v1/orders?limit=2&cursor=${page.nextCursor}`,
    );
    deepStrictEqual([rest.items.map(({ id }) => id), rest.nextCursor], [ids.slice(2), null]);
    refused(await member.call('GET /v1/orders?cursor=x'), '400 bad_cursor');
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'status=lost'])
      refused(await member.call(`GET /v1/orders?${query}`), '400 invalid_request');
  },

  "somebody else's order is nobody's business, but an administrator's": async ({ admin, alice, bob, cup }) => {
    const { id } = await alice.order({ productId: cup.id });
    const path = `/v1/orders/${id}` as const;
    await admin.get(path);
    refused(await bob.call(`GET ${path}`), '403 forbidden');
    refused(await bob.call(`POST ${path}/cancellation`), '403 forbidden');
    ok((await bob.all<OrderView>(`/v1/orders?userId=${alice.id}`)).every(({ userId }) => userId === bob.id));
    const { shipmentId } = await alice.settled(id);
    refused(await bob.call(`GET /v1/shipments/${shipmentId}`), '403 forbidden');
    refused(await alice.call(`GET /v1/orders/${NOBODY}`), '404 order_not_found');
    refused(await alice.call(`POST /v1/orders/${NOBODY}/cancellation`), '404 order_not_found');
    refused(await alice.call('GET /v1/orders/42'), '400 invalid_request');
    refused(await alice.call('POST /v1/orders/42/cancellation'), '400 invalid_request');
  },

  'an order and its shipment have tags, and stay out of shared caches': async ({ alice, cup }) => {
    const { id } = await alice.order({ productId: cup.id });
    const { shipmentId } = await alice.settled(id);
    for (const path of [`/v1/orders/${id}`, `/v1/shipments/${shipmentId}`] as const) {
      const { headers } = expectStatus(200, await alice.call(`GET ${path}`));
      match(headers['cache-control'] ?? '', /no-store|private/, path);
      strictEqual(
        (await alice.call(`GET ${path}`, { headers: { 'if-none-match': headers['etag'] ?? '' } })).status,
        304,
      );
    }
  },

  'a parcel is dispatched and delivered once, and the order follows': async ({ admin, alice, cup }) => {
    const { id } = await alice.order({ productId: cup.id });
    const { shipmentId } = await alice.settled(id, 'confirmed');
    const path = `/v1/shipments/${shipmentId}` as const;
    const scheduled = await alice.get<ShipmentView>(path);
    deepStrictEqual([scheduled.orderId, scheduled.status, scheduled.address], [id, 'scheduled', anAddress]);
    ok(scheduled.carrier && scheduled.trackingNumber);
    refused(await admin.call(`POST ${path}/delivery`), '409 wrong_status');
    strictEqual(expectStatus(200, await admin.call<ShipmentView>(`POST ${path}/dispatch`)).body.status, 'dispatched');
    await alice.settled(id, 'shipped');
    refused(await admin.call(`POST ${path}/dispatch`), '409 wrong_status');
    expectStatus(200, await admin.call(`POST ${path}/delivery`));
    const { timeline } = await alice.settled(id, 'delivered');
    deepStrictEqual(
      timeline.slice(-3).map(({ type }) => type),
      ['confirmed', 'shipped', 'delivered'],
    );
    for (const step of ['dispatch', 'delivery']) {
      refused(await admin.call(`POST /v1/shipments/${NOBODY}/${step}`), '404 shipment_not_found');
      refused(await admin.call(`POST /v1/shipments/42/${step}`), '400 invalid_request');
    }
    refused(await alice.call(`GET /v1/shipments/${NOBODY}`), '404 shipment_not_found');
    refused(await alice.call('GET /v1/shipments/42'), '400 invalid_request');
  },

  'a new product can be ordered at once by whoever brings the token of its making': async ({ admin, alice }) => {
    const body = { sku: randomUUID(), name: 'Fresh', category: 'kitchen', price: dollars(100) };
    for (let round = 0; round < 5; round++) {
      const made = expectStatus(
        201,
        await admin.call<ProductView>('POST /v1/products', { body: { ...body, sku: randomUUID() } }),
      );
      const headers = { 'consistency-token': made.headers['consistency-token'] ?? '' };
      const { id } = await alice.order({ productId: made.body.id, headers });
      const order = await alice.settled(id);
      deepStrictEqual([order.status, order.reason], ['rejected', 'out_of_stock']);
    }
  },
};
