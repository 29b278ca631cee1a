import { randomUUID } from 'node:crypto';
import type {
  AccountView,
  Answer,
  EntryView,
  Method,
  Money,
  OrderView,
  Page,
  ProductView,
  Question,
  SessionView,
  ShopApi,
  StockView,
  UserView,
} from '@ashlar/cli';
import { found } from './waiting.ts';

export const dollars = (amount: number): Money => ({ amount, currency: 'USD' });

export const anAddress = {
  name: 'Ada',
  line1: '1 Main Street',
  city: 'Springfield',
  postalCode: '12345',
  country: 'US',
} as const;

/** Each waits for two seconds by itself. */
const MOST_TRIES = 15;

export interface OrderWish {
  readonly productId: string;
  readonly quantity?: number;
  readonly country?: string;
  readonly currency?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A member with an account of its own. */
export type Customer = Member & { readonly account: AccountView };

/** Somebody who is signed in: a customer, or the administrator. What was hoped for is asserted by the status. */
export class Member {
  private constructor(
    readonly api: ShopApi,
    readonly email: string,
    readonly password: string,
    readonly session: SessionView,
    readonly id: string,
  ) {}

  static async signUp(api: ShopApi, name = 'Ada'): Promise<Member> {
    const credentials = { email: `${randomUUID()}@example.com`, password: 'correct horse battery' };
    expectStatus(201, await api.call('POST /v1/users', { body: { ...credentials, name } }));
    return Member.signIn(api, credentials);
  }

  static async signIn(api: ShopApi, { email, password }: { email: string; password: string }): Promise<Member> {
    const { body: session } = expectStatus(
      201,
      await api.call<SessionView>('POST /v1/sessions', { body: { email, password } }),
    );
    const me = expectStatus(200, await api.call<UserView>('GET /v1/users/me', { token: session.accessToken }));
    return new Member(api, email, password, session, me.body.id);
  }

  /** A customer with money. */
  static async withMoney(api: ShopApi, amount: number): Promise<Customer> {
    const member = await Member.signUp(api);
    const account = await member.openAccount('USD');
    if (amount > 0) await member.deposit(account.id, amount);
    return Object.assign(member, { account });
  }

  get token(): string {
    return this.session.accessToken;
  }

  call<Body = unknown>(call: `${Method} /${string}`, question: Question = {}): Promise<Answer<Body>> {
    return this.api.call<Body>(call, { token: this.token, ...question });
  }

  async get<Body>(path: `/${string}`): Promise<Body> {
    return expectStatus(200, await this.call<Body>(`GET ${path}`)).body;
  }

  /** Everything of a list, page by page. */
  async all<Item>(path: `/${string}`): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor = ''; ; ) {
      const separator = path.includes('?') ? '&' : '?';
      const page = await this.get<Page<Item>>(`${path}${separator}limit=100${cursor && `&cursor=${cursor}`}`);
      items.push(...page.items);
      if (page.nextCursor === null) return items;
      cursor = page.nextCursor;
    }
  }

  async openAccount(currency: string): Promise<AccountView> {
    return expectStatus(201, await this.call<AccountView>('POST /v1/accounts', { body: { currency } })).body;
  }

  async deposit(accountId: string, amount: number): Promise<string> {
    const body = { amount: dollars(amount), cardToken: 'tok_visa' };
    const answer = await this.call<{ depositId: string }>(`POST /v1/accounts/${accountId}/deposits`, { body });
    return expectStatus(201, answer).body.depositId;
  }

  accountNow(id: string): Promise<AccountView> {
    return this.get(`/v1/accounts/${id}`);
  }

  entries(accountId: string): Promise<EntryView[]> {
    return this.all(`/v1/accounts/${accountId}/entries`);
  }

  askForOrder({
    productId,
    quantity = 1,
    country = 'US',
    currency = 'USD',
    headers = {},
  }: OrderWish): Promise<Answer<OrderView>> {
    const body = { items: [{ productId, quantity }], currency, shippingAddress: { ...anAddress, country } };
    return this.call<OrderView>('POST /v1/orders', { body, headers });
  }

  async order(wish: OrderWish): Promise<OrderView> {
    return expectStatus(202, await this.askForOrder(wish)).body;
  }

  orderNow(id: string): Promise<OrderView> {
    return this.get(`/v1/orders/${id}`);
  }

  /** Waits for one of these states, or for any but `pending`. */
  settled(id: string, ...states: readonly string[]): Promise<OrderView> {
    const isReached = ({ status }: OrderView) => (states.length > 0 ? states.includes(status) : status !== 'pending');
    return found(`order ${id} is ${states.join(' or ') || 'decided'}`, async () => {
      const order = await this.orderNow(id);
      return isReached(order) ? order : undefined;
    });
  }

  stock(productId: string): Promise<StockView> {
    return this.get(`/v1/inventory/${productId}`);
  }

  /** For administrators: a new product, and so many pieces of it; it can be ordered at once. */
  async makeProduct({
    price = 1_000,
    pieces = 0,
    name = 'Cup',
  }: {
    price?: number;
    pieces?: number;
    name?: string;
  } = {}): Promise<ProductView> {
    const body = { sku: randomUUID(), name, category: 'kitchen', price: dollars(price) };
    const answer = expectStatus(201, await this.call<ProductView>('POST /v1/products', { body }));
    const headers = { 'consistency-token': answer.headers['consistency-token'] ?? '' };
    await this.adjustStock(answer.body.id, pieces, headers);
    expectStatus(200, await onceArrived(() => this.call('GET /v1/orders?limit=1', { headers })));
    return answer.body;
  }

  async adjustStock(productId: string, delta: number, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const body = { delta, reason: 'test' };
    const adjust = () => this.call(`POST /v1/inventory/${productId}/adjustments`, { body, headers });
    if (delta !== 0) expectStatus(201, await onceArrived(adjust));
  }
}

/** Asks again, as it is told to, while what the token names has not arrived: then nothing has been done. */
export async function onceArrived<T extends { readonly status: number; readonly text: string }>(
  ask: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const answer = await ask();
    const isEarly = answer.status === 503 && answer.text.includes('"consistency_timeout"');
    if (!isEarly || tries === MOST_TRIES) return answer;
  }
}

/** The answer, if it has this status; what it says instead, otherwise. */
export function expectStatus<Body>(status: number, answer: Answer<Body>): Answer<Body> {
  if (answer.status === status) return answer;
  throw new Error(`Expected ${status}, but the shop answered ${answer.status}: ${answer.text.slice(0, 500)}`);
}
