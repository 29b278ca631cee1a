import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { atEnd } from './lifetime.ts';

const LOOK_EVERY_MS = 5;

/** What the load did to the server. */
export interface Work {
  /** Transactions that have changed something. */
  readonly transactions: number;
  readonly walBytes: number;
}

/** The orders as their database knows them: asked by the bench past the shop, over one connection. */
export class OrderBook {
  readonly #client: pg.Client;
  readonly #open = new Map<string, () => void>();
  #looking = false;

  private constructor(url: string) {
    this.#client = new pg.Client({ connectionString: url });
    this.#client.on('error', () => {});
  }

  static async open(url: string): Promise<OrderBook> {
    const book = new OrderBook(url);
    await book.#client.connect();
    atEnd(() => book.#client.end());
    return book;
  }

  /** Resolves when the order is decided: one look every 5 ms serves all who wait. */
  decided(id: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open.set(id, resolve);
    if (!this.#looking) void this.#look();
    return promise;
  }

  /** From `createdAt` to the last entry of the timeline, in ms. */
  async durations(ids: readonly string[]): Promise<number[]> {
    const { rows } = await this.#client.query<{ ms: string }>(
      `select extract(epoch from (state->'timeline'->-1->>'at')::timestamptz
        - (state->>'createdAt')::timestamptz) * 1000 as ms
       from orders where id = any($1) and status = 'confirmed'`,
      [ids],
    );
    return rows.map(({ ms }) => Number(ms));
  }

  async work(): Promise<Work> {
    const { rows } = await this.#client.query<{ transactions: string; wal: string }>(
      `select pg_snapshot_xmax(pg_current_snapshot())::text as transactions,
        (pg_current_wal_lsn() - '0/0')::text as wal`,
    );
    return { transactions: Number(rows[0]!.transactions), walBytes: Number(rows[0]!.wal) };
  }

  async #look(): Promise<void> {
    this.#looking = true;
    while (this.#open.size > 0) {
      await pause(LOOK_EVERY_MS);
      const { rows } = await this.#client.query<{ id: string }>({
        name: 'decided',
        text: `select id from orders where id = any($1) and status <> 'pending'`,
        values: [[...this.#open.keys()]],
      });
      for (const { id } of rows) {
        this.#open.get(id)?.();
        this.#open.delete(id);
      }
    }
    this.#looking = false;
  }
}
