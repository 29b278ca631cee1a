import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Transactions } from '@ashlar/domain';
import { OrderMapper } from '../mappers/order.mapper.ts';
import { cup, home, noon, OrderBook, sealed, usd } from '../order-book.fixtures.ts';
import type { Product } from '../ports/product-catalog.interface.ts';
import { CreateOrderUseCase } from './create-order.use-case.ts';
import { TellAddressUseCase } from './tell-address.use-case.ts';

const command = {
  userId: 'u1',
  currency: 'USD',
  items: [{ productId: 'cup', quantity: 2 }],
  shippingAddress: home,
};

function setUp(...sold: Product[]) {
  const book = new OrderBook(...sold);
  const { orders, checkout, personalData, clock, ids } = book;
  const mapper = new OrderMapper();
  const products = book.catalogue;
  const ports = { orders, checkout, personalData, clock, ids, products, mapper, saga: 'choreography' } as const;
  return { book, ports, createOrder: new CreateOrderUseCase(book, ports) };
}

/** The first run of everything is thrown away, as after a lost race. */
const losingTheFirstRace = (book: OrderBook): Transactions => ({
  async transaction(work) {
    const lost = book.transaction(async () => {
      await work();
      throw new Error('The race is lost.');
    });
    await rejects(lost, /The race is lost/);
    return book.transaction(work);
  },
});

test('an order is taken at the prices of the catalogue, and its checkout begins', async () => {
  const { book, createOrder } = setUp(cup);
  const order = await createOrder.execute(command);
  deepStrictEqual(order, {
    id: 'o1',
    userId: 'u1',
    status: 'pending',
    items: [{ productId: 'cup', name: 'Cup', quantity: 2, unitPrice: usd(500) }],
    total: usd(1_000),
    shippingAddress: home,
    timeline: [{ at: noon.toISOString(), type: 'created' }],
    createdAt: noon.toISOString(),
    updatedAt: noon.toISOString(),
  });
  deepStrictEqual([book.begun, book.events.map(({ type }) => type)], [['o1'], ['OrderCreated']]);
  strictEqual(book.state('o1')?.saga, 'choreography');
});

test('lines of one product are one line', async () => {
  const { createOrder } = setUp(cup);
  const items = [1, 2, 3].map((quantity) => ({ productId: 'cup', quantity }));
  deepStrictEqual(
    (await createOrder.execute({ ...command, items })).items.map(({ quantity }) => quantity),
    [6],
  );
});

test('a product that is unknown, or no longer sold, is refused and nothing is stored', async () => {
  const { book, createOrder } = setUp({ ...cup, archived: true });
  await rejects(createOrder.execute(command), { code: 'product_archived', fault: 'invalid' });
  const items = [{ productId: 'pot', quantity: 1 }];
  await rejects(createOrder.execute({ ...command, items }), { code: 'unknown_product', fault: 'invalid' });
  deepStrictEqual([book.begun, book.events], [[], []]);
});

test('an order in another currency than its products is refused', async () => {
  const { createOrder } = setUp(cup);
  await rejects(createOrder.execute({ ...command, currency: 'EUR' }), { code: 'currency_mismatch' });
});

test('an order whose checkout cannot begin is not stored', async () => {
  const { book, createOrder } = setUp(cup);
  book.failure = new Error('The disk is full.');
  await rejects(createOrder.execute(command), book.failure);
  deepStrictEqual([book.state('o1'), book.events], [undefined, []]);
});

test('an order that is taken again after a lost race is told of all the same, once, and under one id', async () => {
  const { book, ports } = setUp(cup);
  const createOrder = new CreateOrderUseCase(losingTheFirstRace(book), ports);
  const { id, timeline } = await createOrder.execute(command);
  strictEqual(id, 'o1');
  deepStrictEqual(
    book.events.map(({ type }) => type),
    ['OrderCreated'],
  );
  deepStrictEqual([book.begun, book.state('o1')?.version], [['o1', 'o1'], 1]);
  deepStrictEqual(timeline, [{ at: noon.toISOString(), type: 'created' }]);
});

test('an order with the token of a user who has left is refused as if there were none', async () => {
  const { book, createOrder } = setUp(cup);
  book.gone.add('u1');
  await rejects(createOrder.execute(command), { code: 'unauthenticated' });
  deepStrictEqual([book.begun, book.events], [[], []]);
});

test('an address is kept sealed, and shipping gets it sealed for itself once it is known how', async () => {
  const { book, createOrder } = setUp(cup);
  await createOrder.execute(command);
  book.shippingKeys.set('u1', 'shipping');
  await createOrder.execute(command);
  deepStrictEqual(book.state('o1')?.shippingAddress, sealed('u1', home));
  deepStrictEqual(book.carriage, [undefined, sealed('u1', home, 'shipping')]);
  deepStrictEqual(
    book.events.map((event) => event.type === 'OrderCreated' && event.carriage),
    book.carriage,
  );
});

test('shipping is told an address that it wants, sealed with the key that it gives', async () => {
  const { book, ports, createOrder } = setUp(cup);
  await createOrder.execute(command);
  const tell = new TellAddressUseCase(book, book.orders, ports.personalData);
  await tell.execute({ orderId: 'o1', userId: 'u1', publicKey: 'shipping' });
  const told = { type: 'AddressTold', orderId: 'o1', carriage: sealed('u1', home, 'shipping') };
  deepStrictEqual(book.events.slice(1), [told]);
});

test('shipping is told nothing of an order that is not there or of somebody else, nor of who has left', async () => {
  const { book, ports, createOrder } = setUp(cup);
  await createOrder.execute(command);
  const tell = new TellAddressUseCase(book, book.orders, ports.personalData);
  for (const [orderId, userId] of [
    ['o9', 'u1'],
    ['o1', 'u2'],
  ] as const) {
    await tell.execute({ orderId, userId, publicKey: 'shipping' });
  }
  book.gone.add('u1');
  await tell.execute({ orderId: 'o1', userId: 'u1', publicKey: 'shipping' });
  strictEqual(book.events.length, 1);
});
