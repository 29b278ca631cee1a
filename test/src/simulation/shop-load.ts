import { DomainError } from '@ashlar/domain';
import type { OrderApplication } from '@ashlar/order-service/simulation';
import { ACCOUNTS, type StoredAccount } from '@ashlar/payment-service/simulation';
import { SHIPMENTS, type StoredShipment } from '@ashlar/shipping-service/simulation';
import { type Deployment, PERSONAL_KEYS, type StoredPersonalKey } from '@ashlar/simulation';
import type { UserApplication } from '@ashlar/user-service/simulation';
import type { SimulatedShop } from './simulated-shop.ts';

const CUSTOMERS = 3;
const ORDERS_EACH = 3;
const PRICE = 1_000;
const AGAIN_MS = 300;
/** A service may die again and again while others wait for it. */
const MOST_TRIES = 400;

const usd = (amount: number) => ({ amount, currency: 'USD' });
const home = { name: 'Ada Lovelace', line1: '1 Lane', city: 'Freiburg', postalCode: '79098' };
const root = { id: 'root', role: 'admin' };

/** Asks until there is an answer: for what may happen twice without harm. */
async function insist<App, T>(
  { services }: SimulatedShop,
  deployment: Deployment<App>,
  work: (app: App) => Promise<T>,
): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await services.ask(deployment, work);
    if (answer !== undefined) return answer;
    await services.world.pass(AGAIN_MS);
  }
  throw new Error(`${deployment.name} has not answered ${MOST_TRIES} times.`);
}

/** Something to sell: of one there is too little, so that orders compete for it. */
async function aProduct(shop: SimulatedShop, pieces: number): Promise<string> {
  const { world } = shop.services;
  const { id } = await insist(shop, shop.product, (app) =>
    app.createProduct.execute({
      name: 'Cup',
      description: '',
      category: 'cups',
      price: usd(PRICE),
      sku: world.nextId(),
    }),
  );
  const adjustment = { productId: id, delta: pieces, reason: 'delivered', adjustedBy: root.id };
  await insist(shop, shop.inventory, (app) => app.adjustStock.execute(adjustment));
  return id;
}

/** Customers who sign up, pay in, order, change their minds, take money out again, and leave. */
export async function shopping(shop: SimulatedShop): Promise<void> {
  const products = await Promise.all([aProduct(shop, 3), aProduct(shop, 100)]);
  await Promise.all(Array.from({ length: CUSTOMERS }, () => aCustomer(shop, products)));
  await dispatchSome(shop);
}

async function aCustomer(shop: SimulatedShop, products: readonly string[]): Promise<void> {
  const { world } = shop.services;
  const { random } = world;
  const { id: userId } = await insist(shop, shop.user, (app) =>
    app.registerUser.execute({ email: `${world.nextId()}@example.org`, name: 'Ada Lovelace', passwordHash: 'secret' }),
  );
  const accountId = await anAccount(shop, userId);
  await deposit(shop, { userId, accountId, amount: 3 * PRICE });
  for (let orders = 0; orders < ORDERS_EACH; orders++) {
    const order = anOrder(shop, userId, products);
    if (random.happens(0.3)) await deposit(shop, { userId, accountId, amount: PRICE });
    if (random.happens(0.5)) await order;
  }
  await world.pass(random.next() * 2_000);
  const amount = usd(1 + random.below(2 * PRICE));
  if (random.happens(0.5)) await withdraw(shop, { userId, accountId, amount: amount.amount });
  if (random.happens(0.3) && (await shop.services.ask(shop.user, (app) => leave(app, userId))))
    shop.witness.gone.add(userId);
}

const leave = async ({ eraseUser }: UserApplication, userId: string): Promise<true> => {
  await eraseUser.execute({ userId });
  return true;
};

/** Opened by an answer that was lost, it is there all the same. */
async function anAccount(shop: SimulatedShop, userId: string): Promise<string> {
  const { services, payment } = shop;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const opened = [...payment.stored.table<StoredAccount>(ACCOUNTS).values()].find(
      ({ state }) => state.userId === userId,
    );
    if (opened) return opened.id;
    await services.ask(payment, (app) => app.openAccount.execute({ userId, currency: 'USD' }));
    await services.world.pass(AGAIN_MS);
  }
  throw new Error('The account could not be opened.');
}

interface DepositOf {
  readonly userId: string;
  readonly accountId: string;
  readonly amount: number;
}

async function withdraw({ services, payment, witness }: SimulatedShop, { amount, ...owner }: DepositOf): Promise<void> {
  const made = await services.ask(payment, (app) => app.withdraw.execute({ ...owner, amount: usd(amount) }));
  if (made) witness.withdrawals.set(made.withdrawalId, amount);
}

async function deposit({ services, payment, witness }: SimulatedShop, { amount, ...owner }: DepositOf): Promise<void> {
  const cardToken = services.world.random.happens(0.1) ? 'tok_declined' : 'tok_visa';
  const depositId = await services.ask(payment, (app) =>
    app.beginDeposit.execute({ ...owner, amount: usd(amount), cardToken }),
  );
  if (depositId === undefined) return;
  witness.deposits.set(depositId, amount);
  await services.ask(payment, (app) => app.finishDeposit.execute({ depositId, patient: false }));
}

async function anOrder(shop: SimulatedShop, userId: string, products: readonly string[]): Promise<void> {
  const { random } = shop.services.world;
  const items = [{ productId: random.pick(products), quantity: 1 + random.below(2) }];
  if (random.happens(0.3)) items.push({ productId: random.pick(products), quantity: 1 });
  const shippingAddress = { ...home, country: random.happens(0.15) ? 'AQ' : 'DE' };
  const order = await ordered(shop, { userId, currency: 'USD', items, shippingAddress });
  if (!order || !random.happens(0.3)) return;
  await shop.services.world.pass(random.next() * random.next() * 1_500);
  const answer = await shop.services.ask(shop.order, (app) => cancel(app, order.id, userId));
  if (answer === 'accepted') shop.witness.cancelled.add(order.id);
  if (answer === 'too_late') shop.witness.tooLate.add(order.id);
}

const cancel = ({ cancelOrder }: OrderApplication, orderId: string, userId: string): Promise<string> =>
  cancelOrder.execute(orderId, { id: userId, role: 'customer' }).then(
    () => 'accepted',
    (error: unknown) => (error instanceof DomainError ? error.code : 'unknown'),
  );

const hasGone = ({ stored }: Deployment<unknown>, userId: string): boolean => {
  const known = stored.table<StoredPersonalKey>(PERSONAL_KEYS).get(userId);
  return known !== undefined && known.state.key === undefined;
};

/** A user who has left meanwhile is refused, for ever. */
async function ordered(
  { services, order, witness }: SimulatedShop,
  wanted: Parameters<OrderApplication['createOrder']['execute']>[0],
) {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const taken = await services.ask(order, (app) => app.createOrder.execute(wanted));
    if (taken) witness.taken.add(taken.id);
    if (taken && wanted.shippingAddress.country === 'AQ') witness.undeliverable.add(taken.id);
    if (taken || hasGone(order, wanted.userId)) return taken;
    await services.world.pass(AGAIN_MS);
  }
  throw new Error('The order was never taken.');
}

async function dispatchSome({ services, shipping }: SimulatedShop): Promise<void> {
  const { random } = services.world;
  for (const { state } of [...shipping.stored.table<StoredShipment>(SHIPMENTS).values()]) {
    if (!state.confirmed || random.happens(0.5)) continue;
    await services.ask(shipping, (app) => app.moveShipment.execute(state.shipmentId, 'dispatch'));
    await services.ask(shipping, (app) => app.moveShipment.execute(state.shipmentId, 'deliver'));
  }
}
