import type { Clock } from '@ashlar/domain';
import { type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import type { Written } from '@ashlar/telemetry';
import type { Answer, StoredAnswer } from './answer.ts';
import type { Claim } from './idempotency-key.ts';

/** What is kept under a key: a whole answer, or what it began, with what was first said of that before its end. */
export type Kept =
  | { readonly answer: StoredAnswer; readonly owner?: string }
  | { readonly resource: string; readonly written: readonly Written[]; readonly interim?: unknown };

/** What a key was used for before. */
interface Found {
  readonly kept: Kept;
  readonly sameBody: boolean;
}

/** What is to be kept under a key. */
export type Keeping = { readonly answer: Answer; readonly owner?: string } | { readonly resource: string };

interface Row {
  readonly fingerprint: Buffer;
  readonly status: number | null;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly resource: string | null;
  readonly written: Written[];
  readonly owner: string | null;
}

const RETENTION_MS = 24 * 3_600_000;
const PURGE_BATCH = 1_000;
const PURGE_BATCHES = 50;

/** A lock of its own kind: other users of advisory locks hash other texts. */
const LOCK = `select pg_try_advisory_xact_lock(hashtextextended('idempotency ' || encode($1, 'hex'), 0)) as taken`;

const FIND = `
  select fingerprint, status, headers, body, resource, written, owner from idempotency_keys
  where scope = $1 and created_at > $2`;

/**
 * Runs last in the transaction, behind the outbox, so that it sees the sequences that the outbox has drawn: the newest
 * unpublished rows are this transaction's own, or of the few that commit beside it.
 */
const STORE = `
  insert into idempotency_keys (scope, caller, fingerprint, status, headers, body, resource, written, created_at, owner)
  select $1, $2, $3, $4, $5, $6, $7, (
    select coalesce(json_agg(json_build_object('channel', channel, 'key', key, 'sequence', sequence)), '[]')
    from (
      select xmin, channel, key, sequence from outbox order by position desc limit 200
    ) as newest
    where newest.xmin = pg_current_xact_id()::xid
  ), $8, $10
  on conflict (scope) do update set fingerprint = excluded.fingerprint, status = excluded.status,
    headers = excluded.headers, body = excluded.body, resource = excluded.resource, written = excluded.written,
    created_at = excluded.created_at, owner = excluded.owner
  where idempotency_keys.created_at <= $9`;

const PURGE = `
  delete from idempotency_keys where scope = any(array(
    select scope from idempotency_keys where created_at <= $1 order by created_at limit ${PURGE_BATCH}
    for update skip locked
  )) returning 1`;

/** The answers of the last 24 hours, each stored in the transaction that it tells of. */
export class AnswerTable {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the key until the end of the transaction, and finds what is kept under it, and whether the body was the same.
   * Asked in one breath and answered in this order, each by what is committed then: who gets the key sees the answer of
   * whoever had it.
   */
  async take({ scope, fingerprint }: Claim): Promise<{ readonly isTaken: boolean; readonly found?: Found }> {
    const [[lock], [row]] = await Promise.all([
      this.db.query<{ taken: boolean }>(LOCK, [scope]),
      this.db.query<Row>(FIND, [scope, this.#expiredAt()]),
    ]);
    if (!lock?.taken) return { isTaken: false };
    const found = row && { kept: toKept(row), sameBody: row.fingerprint.equals(fingerprint) };
    return { isTaken: true, ...(found && { found }) };
  }

  /** Stores it with the other writes of the ambient transaction. */
  keep(claim: Claim, keeping: Keeping): void {
    const now = this.clock.now();
    this.db
      .buffer(this, () => new AnswerBuffer())
      .add(toStatement(claim, keeping, { now, expiredAt: this.#expiredAt() }));
  }

  /** At once, beside the resource that the key has begun. */
  async keepInterim({ scope }: Claim, result: unknown): Promise<void> {
    await this.db.execute('update idempotency_keys set body = $2 where scope = $1', [scope, JSON.stringify(result)]);
  }

  /** With the other writes of the ambient transaction, before what it keeps. */
  async forget({ scope }: Claim): Promise<void> {
    await this.db.write({ sql: 'delete from idempotency_keys where scope = $1', values: [scope] });
  }

  /** Deletes what is older than a day, in bounded steps. */
  async purge(): Promise<number> {
    let deleted = 0;
    for (let batch = 0; batch < PURGE_BATCHES; batch++) {
      const rows = await this.db.execute(PURGE, [this.#expiredAt()]);
      deleted += rows.length;
      if (rows.length < PURGE_BATCH) break;
    }
    return deleted;
  }

  #expiredAt(): Date {
    return new Date(this.clock.now().getTime() - RETENTION_MS);
  }
}

/** Deletes every stored answer of a caller: the id of a user, or what a route's `idempotent` function answers. */
export async function forgetCaller(db: Database, caller: string): Promise<void> {
  await db.write({ sql: 'delete from idempotency_keys where caller = $1', values: [caller] });
}

function toKept({ status, headers, body, resource, written, owner }: Row): Kept {
  const payload: unknown = body === null ? undefined : JSON.parse(body);
  if (status === null) return { resource: resource!, written, interim: payload };
  return { answer: { status, headers, payload, written }, ...(owner !== null && { owner }) };
}

interface Times {
  readonly now: Date;
  /** What was kept by then is gone. */
  readonly expiredAt: Date;
}

function toStatement({ scope, caller, fingerprint }: Claim, keeping: Keeping, { now, expiredAt }: Times): Statement {
  const answer = 'answer' in keeping ? keeping.answer : undefined;
  const resource = 'resource' in keeping ? keeping.resource : null;
  const body = answer?.payload === undefined ? null : JSON.stringify(answer.payload);
  const headers = JSON.stringify(answer?.headers ?? {});
  const owner = 'owner' in keeping ? keeping.owner : null;
  const values = [scope, caller, fingerprint, answer?.status ?? null, headers, body, resource, now, expiredAt, owner];
  return { sql: STORE, values, rows: 1, what: 'The idempotency key' };
}

class AnswerBuffer implements WriteBuffer {
  readonly rank = RANK.outbox + 1;
  readonly name = 'idempotency';
  readonly #statements: Statement[] = [];

  add(statement: Statement): void {
    this.#statements.push(statement);
  }

  mark(): number {
    return this.#statements.length;
  }

  restore(mark: unknown): void {
    this.#statements.length = mark as number;
  }

  flush(): readonly Statement[] {
    return this.#statements;
  }
}
