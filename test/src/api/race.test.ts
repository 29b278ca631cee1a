import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { invariants } from '../shop/invariants.ts';
import { Member } from '../shop/member.ts';
import { STYLES } from '../shop/shop.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { eventually, inParallel } from '../shop/waiting.ts';

const ORDERS = 300;
const PIECES = 100;
const PRICE = 1_000;
const CUSTOMERS = 10;

for (const saga of STYLES) {
  test(`of ${ORDERS} orders that race for ${PIECES} pieces exactly ${PIECES} get one: ${saga}`, async (t) => {
    const shop = await ShopProcess.start({ saga });
    t.after(() => shop.stop());
    const admin = await shop.admin();
    const product = await admin.makeProduct({ price: PRICE, pieces: PIECES });
    const customers = await inParallel(4, CUSTOMERS, () => Member.withMoney(shop.api, ORDERS * PRICE));

    await inParallel(50, ORDERS, (at) => customers[at % CUSTOMERS]!.order({ productId: product.id }));
    const orders = async () =>
      (await inParallel(4, CUSTOMERS, (at) => customers[at]!.all<Decided>('/v1/orders'))).flat();
    await eventually(
      'all orders are decided',
      async () => (await orders()).every(({ status }) => status !== 'pending'),
      60_000,
    );

    const outcomes = Map.groupBy(await orders(), ({ status, reason }) => `${status} ${reason ?? ''}`);
    const counts = Object.fromEntries([...outcomes].map(([outcome, all]) => [outcome, all.length]));
    deepStrictEqual(counts, { 'confirmed ': PIECES, 'rejected out_of_stock': ORDERS - PIECES });
    deepStrictEqual(await admin.stock(product.id), { productId: product.id, onHand: 0, reserved: 0, available: 0 });
    const { accounts } = await invariants(shop);
    strictEqual(
      accounts.reduce((spent, { account }) => spent + ORDERS * PRICE - account.balance.amount, 0),
      PIECES * PRICE,
    );
  });
}

interface Decided {
  readonly status: string;
  readonly reason?: string;
}
