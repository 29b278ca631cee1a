import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { onceArrived } from '../shop/member.ts';

type Body = Readonly<Record<string, unknown>>;

interface Price {
  readonly amount: number;
  readonly currency: string;
}

const dollars = (amount: number): Price => ({ amount, currency: 'USD' });
const HOME = { name: 'Ada', line1: 'Main 1', city: 'Ulm', postalCode: '89073', country: 'DE' };

/**
 * A client that hands on its token from call to call, and after each write reads at once what it has written. It knows
 * what it has to see.
 */
export class Customer {
  #token: string | undefined;
  #reads = 0;
  #price = 100;
  #stock = 0;
  #productId = '';
  #orderIds: string[] = [];

  constructor(private readonly url: string) {}

  get reads(): number {
    return this.#reads;
  }

  /** A product, whose stock is kept by another service. */
  async makeProduct(): Promise<void> {
    this.#price = 100;
    this.#stock = 0;
    const body = { sku: randomUUID(), name: 'Cup', category: 'kitchen', price: dollars(this.#price) };
    const made = await this.#call('admin', 'POST /v1/products', body);
    this.#productId = String(made['id']);
    await this.seeProduct();
    await this.seeStock();
  }

  async changePrice(): Promise<void> {
    this.#price += 1;
    await this.#call('admin', `PATCH /v1/products/${this.#productId}`, { price: dollars(this.#price) });
    await this.seeProduct();
  }

  async addStock(): Promise<void> {
    this.#stock += 3;
    await this.#call('admin', `POST /v1/inventory/${this.#productId}/adjustments`, { delta: 3, reason: 'count' });
    await this.seeStock();
  }

  /** The order service has to know the product, and its price as of now. */
  async order(): Promise<void> {
    const items = [{ productId: this.#productId, quantity: 2 }];
    const order = await this.#call('customer', 'POST /v1/orders', { items, currency: 'USD', shippingAddress: HOME });
    deepStrictEqual(order['total'], dollars(2 * this.#price), 'the order was taken at an old price');
    this.#orderIds.push(String(order['id']));
    await this.seeOrder();
    await this.seeOrders();
  }

  async seeProduct(): Promise<void> {
    const { price } = await this.#read(`GET /v1/products/${this.#productId}`);
    deepStrictEqual(price, dollars(this.#price), 'the price is an old one');
  }

  async seeStock(): Promise<void> {
    const { onHand } = await this.#read(`GET /v1/inventory/${this.#productId}`);
    strictEqual(onHand, this.#stock, 'the stock is an old one');
  }

  async seeOrder(): Promise<void> {
    const id = this.#orderIds.at(-1);
    if (id !== undefined) strictEqual((await this.#read(`GET /v1/orders/${id}`))['id'], id);
  }

  async seeOrders(): Promise<void> {
    const { items } = (await this.#read('GET /v1/orders?limit=100')) as { items: readonly Body[] };
    const ids = new Set(items.map(({ id }) => id));
    ok(
      this.#orderIds.slice(-20).every((id) => ids.has(id)),
      'an order is not in the list',
    );
  }

  async #read(call: string): Promise<Body> {
    this.#reads += 1;
    return this.#call(call.includes('/orders') ? 'customer' : 'admin', call);
  }

  async #call(who: string, call: string, body?: Body): Promise<Body> {
    const [method = '', path = ''] = call.split(' ');
    const token = this.#token;
    const question = {
      method,
      headers: {
        authorization: `Bearer ${who}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { 'consistency-token': token }),
      },
      ...(body && { body: JSON.stringify(body) }),
    };
    const { status, text, headers } = await onceArrived(async () => {
      const response = await fetch(this.url + path, question);
      return { status: response.status, text: await response.text(), headers: response.headers };
    });
    ok(status < 300, `${call} answers ${status} ${text}`);
    this.#keep(headers.get('consistency-token'), method);
    return JSON.parse(text) as Body;
  }

  #keep(token: string | null, method: string): void {
    if (method !== 'GET') ok(token !== null && token.length <= 512, 'a write needs a token of at most 512 bytes');
    this.#token = token ?? this.#token;
  }
}
