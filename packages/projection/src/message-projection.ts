import { type Stop, systemTimers, type Timers } from '@ashlar/domain';
import {
  type ConsumerDefinition,
  type Contract,
  describe,
  type Message,
  type Outbox,
  on,
  outgoing,
  type Subscription,
} from '@ashlar/messaging';
import { type Database, isUnreachable, type Statement } from '@ashlar/postgres';
import { type BeginRebuild, Checkpoints, type Rebuild } from './checkpoints.ts';
import { ModelBuffer, type WholeRow } from './model-buffer.ts';
import { oldSnapshotsEnd } from './old-snapshots.ts';
import type { Projection, ProjectionStatus } from './projection.ts';
import { statusOf } from './projection-status.ts';
import type { ReadModelDefinition } from './read-model.ts';

/**
 * How the source of a read model republishes its facts for a rebuild: it is asked once, republishes each fact with the
 * id of that request, and at any time says how many there are.
 */
export interface Restatement {
  /** Sends the request, in the transaction that begins the rebuild. */
  readonly outbox: Outbox;
  /** The request for all facts; its key is the id of the request. */
  readonly request: Contract<{ requestId: string }>;
  /** A republished fact. */
  readonly fact: Contract<{ requestId: string }>;
  /** How many facts are republished for a request. */
  readonly told: Contract<{ requestId: string; count: number }>;
}

/**
 * For facts in the service's own tables: when the read model is new, or rebuilt, they are read there instead of being
 * republished.
 */
export interface OwnFacts {
  /**
   * Writes the next batch of facts after the given key, in key order, with `write`; returns the last key, undefined at
   * the end. It must not overwrite a newer version that the read model already has.
   */
  portion(after: string | undefined, write: Database['execute']): Promise<string | undefined>;
}

export interface MessageProjectionOptions extends ReadModelDefinition {
  readonly db: Database;
  /** Where the facts come from in a rebuild. */
  readonly restatement: Restatement | OwnFacts;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
}

const LOOK_EVERY_MS = 100;
const LOOKS_LEFT_OUT = 10;
const PATIENCE_MS = 30_000;

/**
 * A read model that is fed by the messages of another service. Its consumer's inbox is what makes each message count
 * once. In a rebuild every message is taken into both, the read model and its successor, until the source has said all
 * its facts again: so neither is ever behind the other when they change places. Hence what is written must be the same
 * whether it is written once or twice, and in whatever order: the newest version of a thing wins.
 */
export class MessageProjection implements Projection {
  readonly name: string;
  readonly #options: Required<MessageProjectionOptions>;
  readonly #checkpoints: Checkpoints;
  #isFilled = false;
  #isStopped = false;
  #stop: Stop = () => {};
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: MessageProjectionOptions) {
    this.#options = { timers: systemTimers, onError: () => {}, ...options };
    this.name = options.name;
    this.#checkpoints = new Checkpoints(options.db, options);
  }

  /** The commands that it sends to its source. */
  get asks(): readonly Contract[] {
    const { restatement } = this.#options;
    return isOwn(restatement) ? [] : [restatement.request];
  }

  /** Whether it is complete: a new one is not until it has received what was there before it. */
  async isFilled(): Promise<boolean> {
    this.#isFilled ||= (await this.#checkpoints.current())?.filled ?? false;
    return this.#isFilled;
  }

  /** The consumer that feeds it; its handlers write by `write`. */
  consumer(subscriptions: readonly Subscription[]): ConsumerDefinition {
    const { restatement } = this.#options;
    const fact = isOwn(restatement) ? undefined : restatement.fact;
    const counted = subscriptions.map(({ handle, ...subscription }) => ({
      ...subscription,
      handle: async (message: Message) => {
        await handle(message);
        const isRestated = subscription.contract.type === fact?.type;
        this.#buffer.note(message.time, isRestated ? (message.data as { requestId: string }).requestId : undefined);
      },
    }));
    const prefetch = () => this.#buffer.prepare();
    if (isOwn(restatement)) return { name: this.name, subscriptions: counted, isPatient: true, prefetch };
    const { told } = restatement;
    const expected = on(told, async ({ data: { requestId, count } }) => this.#buffer.expect(requestId, count));
    return { name: this.name, subscriptions: [...counted, expected], prefetch };
  }

  /** Writes to the read model, and in a rebuild to its successor as well, in the transaction of a message. */
  async write(statement: Statement): Promise<void> {
    this.#buffer.write(statement);
  }

  /**
   * The same for rows that say everything about their subject: all rows of a transaction are written by one statement,
   * which takes them as `$1`, a JSON array; of each subject only the newest.
   */
  async put(sql: string, row: WholeRow): Promise<void> {
    this.#buffer.put(sql, row);
  }

  async prepare(): Promise<void> {
    const isOwnFacts = isOwn(this.#options.restatement);
    if ((await this.#checkpoints.prepare({ isFilled: !isOwnFacts })) === 'older') await this.#beginRebuild();
    if (!(await this.isFilled())) await this.#beginRebuild();
  }

  start(): void {
    const { timers, onError } = this.#options;
    this.#isStopped = false;
    let leftOut = 0;
    const look = async () => {
      if (leftOut-- > 0) return;
      leftOut = LOOKS_LEFT_OUT;
      this.#working = this.#goOn();
      await this.#working;
      leftOut = 0;
    };
    this.#stop = timers.every(LOOK_EVERY_MS, look, onError);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stop();
    await this.#working.catch(() => {});
  }

  /** The source is asked anew: what it has said again may have been given up, and would be waited for in vain. */
  async beginRebuild(): Promise<void> {
    await this.#beginRebuild({ isAnew: !isOwn(this.#options.restatement) });
  }

  /** How far it lags behind, only its consumer knows: `lag` and `lagMs` are 0 here. */
  async status(): Promise<ProjectionStatus> {
    const [current, rebuild] = await Promise.all([this.#checkpoints.current(), this.#checkpoints.rebuilding()]);
    return { ...statusOf(this.#options, current, rebuild), lag: 0, lagMs: 0 };
  }

  async #beginRebuild(options: BeginRebuild = {}): Promise<void> {
    const { restatement } = this.#options;
    if (isOwn(restatement)) return void (await this.#checkpoints.beginRebuild(options));
    const { outbox, request } = restatement;
    const onBegun = async (run: number) => {
      const requestId = this.#requestId(run);
      await outbox.add([outgoing(request, requestId, { requestId })]);
    };
    await this.#checkpoints.beginRebuild({ ...options, onBegun });
  }

  /** The successor takes over once every fact has been said again. */
  async #goOn(): Promise<void> {
    const { db, timers, version, restatement } = this.#options;
    const rebuild = await this.#checkpoints.rebuilding();
    if (rebuild?.version !== version || !(isOwn(restatement) || isComplete(rebuild))) return;
    try {
      if (isOwn(restatement) && !(await this.#readAgain(rebuild, restatement))) return;
      if (!(await oldSnapshotsEnd(db, timers, PATIENCE_MS))) return;
      const { run } = rebuild;
      await this.#checkpoints.install({ run });
    } catch (error) {
      if (!isUnreachable(error)) await this.#checkpoints.rebuildFailed(rebuild, describe(error));
      throw error;
    }
  }

  /**
   * All facts once more into the successor, which has been taking in what is new since it began. Answers whether nobody
   * else works at it; whoever comes after a crash begins anew.
   */
  async #readAgain({ run }: Rebuild, facts: OwnFacts): Promise<boolean> {
    const { db } = this.#options;
    let after: string | undefined;
    do {
      const from = after;
      const done = await db.transaction(async () => {
        const [isOurs] = await Promise.all([this.#checkpoints.claim({ run }), this.#checkpoints.enter()]);
        return isOurs && { last: await facts.portion(from, (sql, values) => db.execute(sql, values)) };
      });
      if (!done) return false;
      after = done.last;
    } while (after !== undefined && !this.#isStopped);
    return after === undefined && this.#checkpoints.analyze({ run });
  }

  get #buffer(): ModelBuffer {
    const { db, name, version } = this.#options;
    const create = () =>
      new ModelBuffer({
        db,
        name,
        version,
        schema: this.#checkpoints.schema,
        requestId: (run) => this.#requestId(run),
      });
    return db.buffer(this, create);
  }

  #requestId(run: number): string {
    return `${this.name} ${run}`;
  }
}

const isOwn = (restatement: Restatement | OwnFacts): restatement is OwnFacts => 'portion' in restatement;

const isComplete = ({ expected, position }: Rebuild): boolean => expected !== null && position >= expected;
