import { deepStrictEqual, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { OrderMapper } from '../mappers/order.mapper.ts';
import { home, OrderBook, sealed } from '../order-book.fixtures.ts';
import { AdvanceOrderUseCase } from './advance-order.use-case.ts';
import { EraseUserUseCase } from './erase-user.use-case.ts';
import { GetOrderUseCase } from './get-order.use-case.ts';
import { ListOrdersUseCase } from './list-orders.use-case.ts';

const owner = { id: 'u1', role: 'customer' };

async function setUp() {
  const book = new OrderBook();
  await book.add('o1');
  const ports = { reads: book.reads, personalData: book.personalData, mapper: new OrderMapper() };
  return {
    book,
    advance: new AdvanceOrderUseCase(book, book.orders, book.clock),
    erase: new EraseUserUseCase(book.personalData),
    get: new GetOrderUseCase({ ...ports, orders: book.orders }),
    list: new ListOrdersUseCase(ports),
  };
}

test('an order is seen by its owner and by administrators', async () => {
  const { get } = await setUp();
  strictEqual((await get.execute('o1', owner)).order.id, 'o1');
  strictEqual((await get.execute('o1', { id: 'root', role: 'admin' })).version, '1');
  await rejects(get.execute('o1', { id: 'u2', role: 'customer' }), { code: 'forbidden' });
  await rejects(get.history('o1', { id: 'u2', role: 'customer' }), { code: 'forbidden' });
  await rejects(get.execute('o9', owner), { code: 'order_not_found' });
});

test('the history tells each status, with the order as it was', async () => {
  const { advance, get } = await setUp();
  await advance.record('o1', 'payment_reserved');
  await advance.attachShipment('o1', 's1');
  await advance.confirm('o1');
  await advance.ship('o1');
  await advance.deliver('o1');
  const history = await get.history('o1', owner);
  deepStrictEqual(
    history.map(({ id, order }) => `${id} ${order.status}`),
    ['0 pending', '2 confirmed', '3 shipped', '4 delivered'],
  );
});

test('an order is abandoned with its reason, or as cancelled', async () => {
  const { book, advance } = await setUp();
  await book.add('o2');
  await advance.abandon('o1', { reason: 'out_of_stock', cancelled: false });
  await advance.abandon('o2', { reason: 'cancelled', cancelled: true });
  deepStrictEqual([book.state('o1')?.status, book.state('o1')?.reason], ['rejected', 'out_of_stock']);
  deepStrictEqual([book.state('o2')?.status, book.state('o2')?.reason], ['cancelled', undefined]);
  deepStrictEqual(book.events, [
    { type: 'OrderStatusChanged', orderId: 'o1', userId: 'u1', status: 'rejected', reason: 'out_of_stock' },
    { type: 'OrderStatusChanged', orderId: 'o2', userId: 'u1', status: 'cancelled' },
  ]);
});

test('an order that nobody knows does not move', async () => {
  const { advance } = await setUp();
  await rejects(advance.confirm('o9'), { code: 'order_not_found' });
});

test('orders are listed newest first, by status, page by page', async () => {
  const { book, list } = await setUp();
  await book.add('o2', { status: 'confirmed' });
  await book.add('o3');
  await book.add('o4', { userId: 'u2' });
  const ids = async (filter: object) => (await list.execute({ userId: 'u1', limit: 9, ...filter })).map(({ id }) => id);
  deepStrictEqual(await ids({}), ['o3', 'o2', 'o1']);
  deepStrictEqual(await ids({ status: 'confirmed' }), ['o2']);
  deepStrictEqual(await ids({ limit: 1, before: 'o3' }), ['o2']);
});

test('of a user who has gone the orders stay, and tell nobody where they went', async () => {
  const { book, erase, get, list } = await setUp();
  await book.add('o2');
  await book.add('p1', { userId: 'u2', shippingAddress: sealed('u2', home) });
  deepStrictEqual((await get.execute('o1', owner)).order.shippingAddress, home);
  await erase.execute({ userId: 'u1' });
  const orders = await list.execute({ userId: 'u1', limit: 9 });
  deepStrictEqual(
    orders.map(({ id, shippingAddress }) => [id, shippingAddress]),
    [
      ['o2', undefined],
      ['o1', undefined],
    ],
  );
  deepStrictEqual((await get.history('o1', owner))[0]!.order.shippingAddress, undefined);
  strictEqual((await get.execute('p1', { id: 'root', role: 'admin' })).order.shippingAddress?.name, 'Ada');
});

test('an order that has become unreadable is another answer than before, for those who have that one', async () => {
  const { erase, get } = await setUp();
  const before = (await get.execute('o1', owner)).version;
  await erase.execute({ userId: 'u1' });
  notStrictEqual((await get.execute('o1', owner)).version, before);
});
