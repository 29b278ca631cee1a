import { randomUUID } from 'node:crypto';
import {
  type AccountView,
  type OrderView,
  type Page,
  type ProductView,
  RefusedError,
  type SessionView,
  type ShopApi,
} from '@ashlar/cli';

const PURSE = 1_000_000_000_000;

/** One customer with one account, who orders again and again. */
export class Shopper {
  #next: number;

  private constructor(
    private readonly api: ShopApi,
    private readonly token: string,
    private readonly products: readonly ProductView[],
    number: number,
  ) {
    this.#next = number;
  }

  static async arrive(api: ShopApi, products: readonly ProductView[], number: number): Promise<Shopper> {
    const person = { email: `bench-${number}-${randomUUID()}@example.com`, password: randomUUID() };
    await post(api, '/v1/users', { body: { ...person, name: `Shopper ${number}` } });
    const { accessToken: token } = await post<SessionView>(api, '/v1/sessions', { body: person });
    const { currency } = products[0]!.price;
    const account = await post<AccountView>(api, '/v1/accounts', { token, body: { currency } });
    const deposit = { amount: { amount: PURSE, currency }, cardToken: 'tok_visa' };
    await post(api, `/v1/accounts/${account.id}/deposits`, { token, body: deposit });
    return new Shopper(api, token, products, number);
  }

  /** Two products, one piece of each: no two clients begin with the same. */
  async order(): Promise<OrderView> {
    const at = this.#next++;
    const items = [at, at + 11].map((place) => ({
      productId: this.products[place % this.products.length]!.id,
      quantity: 1,
    }));
    const body = { items, currency: this.products[0]!.price.currency, shippingAddress: ADDRESS };
    const headers = { 'idempotency-key': randomUUID() };
    return post<OrderView>(this.api, '/v1/orders', { token: this.token, body, headers });
  }

  /** Listens to the order's events until it is decided. */
  async decided({ id }: OrderView): Promise<OrderView> {
    for await (const { data } of this.api.follow<OrderView>(`/v1/orders/${id}/events`, { token: this.token })) {
      if (data.status !== 'pending') return data;
    }
    throw new Error(`The events of the order ${id} ended before it did.`);
  }
}

export async function assortment(api: ShopApi): Promise<readonly ProductView[]> {
  const { status, text, body } = await api.call<Page<ProductView>>('GET /v1/products?limit=100');
  if (status !== 200) throw new RefusedError(status, text);
  const currency = body.items[0]?.price.currency;
  return body.items.filter(({ price }) => price.currency === currency);
}

const ADDRESS = { name: 'Bench', line1: '1 Main Street', city: 'Springfield', postalCode: '12345', country: 'US' };

type Asked = { readonly token?: string; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };

async function post<Body>(api: ShopApi, path: `/${string}`, asked: Asked): Promise<Body> {
  const answer = await api.call<Body>(`POST ${path}`, asked);
  if (answer.status >= 300) throw new RefusedError(answer.status, answer.text);
  return answer.body;
}
