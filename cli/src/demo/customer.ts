import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type Method, type Question, type ReceivedEvent, RefusedError, type ShopApi } from './shop-api.ts';
import type { AccountView, DepositView, EntryView, Money, OrderView, Page, SessionView } from './shop-views.ts';

const RETRIES = 30;
const RENEW_AFTER_MS = 10 * 60_000;
const PENDING_PAUSE_MS = 500;
const FINAL_WITHIN_MS = 90_000;

/** What is ordered, and where to. */
export interface Basket {
  readonly items: readonly { readonly productId: string; readonly quantity: number }[];
  readonly currency: string;
  readonly country: string;
}

type Listening = Question & { readonly lastEventId?: string };

/**
 * A client of the shop as it should be: every POST has its key, what may be tried again is, and it waits when it is
 * told to.
 */
export class Customer {
  readonly orders = new Map<string, OrderView>();
  #account: AccountView | undefined;
  #session: SessionView | undefined;
  #renewAt = 0;

  constructor(
    private readonly api: ShopApi,
    private readonly number: number,
  ) {}

  get accountId(): string {
    return this.#account!.id;
  }

  async arrive(currency: string): Promise<void> {
    const password = randomUUID();
    const email = `demo-${this.number}-${randomUUID()}@example.com`;
    await this.#post('/v1/users', { email, password, name: `Customer ${this.number}` });
    this.#signedIn(await this.#post<SessionView>('/v1/sessions', { email, password }));
    this.#account = await this.#post<AccountView>('/v1/accounts', { currency });
  }

  /** Comes back when the money is there, however long the card processor takes. */
  async deposit(amount: Money): Promise<void> {
    const path = `/v1/accounts/${this.accountId}/deposits` as const;
    let deposit = await this.#post<Pick<DepositView, 'depositId' | 'status'>>(path, { amount, cardToken: 'tok_visa' });
    while (deposit.status === 'pending') {
      await pause(PENDING_PAUSE_MS);
      deposit = await this.get<DepositView>(`${path}/${deposit.depositId}`);
    }
    if (deposit.status !== 'completed') throw new Error(`The deposit ${deposit.depositId} is ${deposit.status}.`);
  }

  async order({ items, currency, country }: Basket): Promise<OrderView> {
    const shippingAddress = {
      name: `Customer ${this.number}`,
      line1: '1 Main Street',
      city: 'Springfield',
      postalCode: '12345',
      country,
    };
    return this.#remember(await this.#post<OrderView>('/v1/orders', { items, currency, shippingAddress }));
  }

  /** Whether it was not too late. */
  async cancel(orderId: string): Promise<boolean> {
    const answer = await this.#ask('POST', `/v1/orders/${orderId}/cancellation`, undefined);
    if (answer.status >= 400 && answer.status !== 409) throw new RefusedError(answer.status, answer.text);
    return answer.status === 202;
  }

  /** Listens until the order is decided; an interrupted stream is taken up where it broke off. */
  async decided(orderId: string): Promise<OrderView> {
    const deadline = AbortSignal.timeout(FINAL_WITHIN_MS);
    for (let lastEventId: string | undefined; !deadline.aborted; ) {
      const asked = { token: await this.#token(), signal: deadline, ...(lastEventId !== undefined && { lastEventId }) };
      const told = await this.#listen(orderId, asked);
      if (told?.data.status !== undefined && told.data.status !== 'pending') return this.#remember(told.data);
      lastEventId = told?.id ?? lastEventId;
      await pause(PENDING_PAUSE_MS);
    }
    throw new Error(`The order ${orderId} was not decided within ${FINAL_WITHIN_MS / 1_000} s.`);
  }

  /** The event that decided the order, or the last one before the stream broke off. */
  async #listen(orderId: string, asked: Listening): Promise<ReceivedEvent<OrderView> | undefined> {
    let last: ReceivedEvent<OrderView> | undefined;
    try {
      for await (const event of this.api.follow<OrderView>(`/v1/orders/${orderId}/events`, asked)) {
        last = event;
        if (event.data.status !== 'pending') return event;
      }
    } catch (error) {
      if (error instanceof RefusedError && error.status < 500 && error.status !== 429) throw error;
    }
    return last;
  }

  async account(): Promise<AccountView> {
    return this.get<AccountView>(`/v1/accounts/${this.accountId}`);
  }

  async entries(): Promise<EntryView[]> {
    const all: EntryView[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await this.get<Page<EntryView>>(`/v1/accounts/${this.accountId}/entries?limit=100${from}`);
      all.push(...page.items);
      cursor = page.nextCursor;
    }
    return all;
  }

  async get<Body>(path: `/${string}`): Promise<Body> {
    const answer = await this.#ask<Body>('GET', path, undefined);
    if (answer.status !== 200) throw new RefusedError(answer.status, answer.text);
    return answer.body;
  }

  async #post<Body>(path: `/${string}`, body: object): Promise<Body> {
    const answer = await this.#ask<Body>('POST', path, body);
    if (answer.status >= 300) throw new RefusedError(answer.status, answer.text);
    return answer.body;
  }

  /** Asks until there is an answer that asking again would not change. */
  async #ask<Body>(method: Method, path: `/${string}`, body: object | undefined): Promise<Answer<Body>> {
    const key = method === 'POST' && !path.startsWith('/v1/sessions') ? { 'idempotency-key': randomUUID() } : {};
    const isStranger = path === '/v1/users' || path.startsWith('/v1/sessions');
    for (let tries = 1; ; tries++) {
      const token = isStranger ? undefined : await this.#token();
      const answer = await this.api
        .call<Body>(`${method} ${path}`, { token, body, headers: key })
        .catch((error: unknown) => {
          if (tries >= RETRIES || path.startsWith('/v1/sessions')) throw error;
          return undefined;
        });
      const isBusy = answer && (answer.status === 429 || answer.status === 503);
      if (answer && !(isBusy && tries < RETRIES)) return answer;
      await pause(Number(answer?.headers['retry-after'] ?? 0.2) * 1_000);
    }
  }

  async #token(): Promise<string> {
    const session = this.#session!;
    if (performance.now() < this.#renewAt) return session.accessToken;
    this.#renewAt = Number.POSITIVE_INFINITY;
    this.#signedIn(await this.#post<SessionView>('/v1/sessions/refresh', { refreshToken: session.refreshToken }));
    return this.#session!.accessToken;
  }

  #signedIn(session: SessionView): void {
    this.#session = session;
    this.#renewAt = performance.now() + RENEW_AFTER_MS;
  }

  #remember(order: OrderView): OrderView {
    this.orders.set(order.id, order);
    return order;
  }
}
