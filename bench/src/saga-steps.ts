import { DomainError, systemClock, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  type Contract,
  command,
  event,
  LocalBus,
  OutboxPublisher,
  on,
  outgoing,
  PostgresOutbox,
  postgresMessageStorage,
} from '@ashlar/messaging';
import { PostgresDatabase } from '@ashlar/postgres';
import { defineSaga, PostgresSagaStore, SagaRuntime, send } from '@ashlar/saga';
import { createTracing } from '@ashlar/telemetry';
import { atEnd } from './lifetime.ts';

export const STEPS = [1, 2, 3, 4] as const;
type StepNumber = (typeof STEPS)[number];

export const STEP_TABLE = `create table steps (
  id bigserial primary key, saga text not null, step int not null, undone boolean not null default false);
  create index on steps (saga, step);`;
export const INSERT_STEP = 'insert into steps (saga, step) values ($1, $2)';
export const UNDO_STEP = 'update steps set undone = true where saga = $1 and step = $2';

interface Run {
  readonly id: string;
  /** The step that says no; nobody does where absent. */
  readonly refused?: number;
}

const schema = { type: 'object', properties: { refused: { type: 'integer' } } };

/** The messages of one step of a participant. */
const contractsOf = (step: StepNumber) => ({
  step,
  ask: command(`helper.Do${step}.v1`, schema) as Contract<{ refused?: number }>,
  done: event(`helper.Done${step}.v1`, schema),
  refused: event(`helper.Refused${step}.v1`, schema),
  undo: command(`helper.Undo${step}.v1`, schema),
  undone: event(`helper.Undone${step}.v1`, schema),
});
const CONTRACTS = STEPS.map(contractsOf);

/** Steps in the saga's own database: all of them in its transaction. */
const local = defineSaga<Run>({
  name: 'local',
  version: 1,
  compensatable: STEPS.map((step) => ({ name: `step ${step}`, local: true })),
});

/** The same steps by a participant that is asked by messages. */
const byMessage = defineSaga<Run>({
  name: 'by message',
  version: 1,
  compensatable: CONTRACTS.map(({ step, ask, done, refused, undo, undone }) => ({
    name: `step ${step}`,
    do: send(ask, ({ refused: at }: Run) => ({ ...(at && { refused: at }) })),
    done,
    refused,
    reason: 'refused',
    timedOut: 'timed_out',
    undo: send(undo, () => ({})),
    undone,
  })),
});

/** A service with sagas of both kinds, in one process, wired as the kit's README does it. */
export class SagaBench {
  readonly #db: PostgresDatabase;
  readonly #outbox: PostgresOutbox;
  readonly #local: SagaRuntime<Run>;
  readonly #byMessage: SagaRuntime<Run>;
  readonly #ended = new Map<string, () => void>();
  readonly #ids = new UuidV7Ids();

  private constructor(url: string) {
    const db = new PostgresDatabase({ url });
    atEnd(() => db.close());
    this.#db = db;
    const bus = new LocalBus();
    const storage = postgresMessageStorage(db);
    const publisher = new OutboxPublisher({ outbox: storage.outbox, bus, source: '/services/helper' });
    const onCommitted: ConstructorParameters<typeof PostgresOutbox>[0]['onCommitted'] = (rows) =>
      publisher.publish(rows);
    this.#outbox = new PostgresOutbox({ db, clock: systemClock, ids: this.#ids, onCommitted });
    this.#local = this.#runtime(local);
    this.#byMessage = this.#runtime(byMessage);
    const tracing = createTracing({ service: 'helper' });
    const nextId = () => this.#ids.next();
    const consumers = [
      { name: 'participant', subscriptions: this.#participant() },
      {
        name: 'sagas',
        subscriptions: this.#byMessage.subscriptions(),
        prefetch: (keys: readonly string[]) => this.#byMessage.prefetch(keys),
      },
    ].map((definition) => new Consumer({ definition, storage, bus, tracing, nextId }));
    this.#start = async () => {
      for (const consumer of consumers) consumer.start();
      for (const consumer of consumers) await consumer.catchUpNewChannels();
      await publisher.start();
      await this.#byMessage.startTimers(consumers[1]!);
    };
    atEnd(async () => {
      this.#byMessage.stopTimers();
      for (const consumer of consumers) await consumer.stop();
      await publisher.stop();
    });
  }

  readonly #start: () => Promise<void>;

  static async open(url: string): Promise<SagaBench> {
    const bench = new SagaBench(url);
    await bench.#start();
    return bench;
  }

  /** Ends in the transaction that begins it. */
  async runLocal(refused?: number): Promise<void> {
    await this.#local.start({ id: this.#ids.next(), ...(refused && { refused }) });
  }

  /** Resolves when the last reply is committed. */
  async runByMessage(refused?: number): Promise<void> {
    const id = this.#ids.next();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended.set(id, resolve);
    await this.#byMessage.start({ id, ...(refused && { refused }) });
    await promise;
  }

  #runtime(definition: typeof local): SagaRuntime<Run> {
    const ended = async ({ id }: Run) => this.#db.afterCommit(() => this.#end(id));
    const step = (number: StepNumber) => ({
      do: async ({ id, refused }: Run) => {
        if (refused === number) throw new DomainError('refused', 'conflict', 'It says no.');
        await this.#db.write({ sql: INSERT_STEP, values: [id, number] });
      },
      undo: async ({ id }: Run) => this.#db.write({ sql: UNDO_STEP, values: [id, number] }),
    });
    return new SagaRuntime<Run>({
      work: this.#db,
      store: new PostgresSagaStore(this.#db, definition.name),
      outbox: this.#outbox,
      clock: systemClock,
      ids: this.#ids,
      definitions: [definition],
      handlers: {
        steps: Object.fromEntries(definition === local ? STEPS.map((number) => [`step ${number}`, step(number)]) : []),
        completed: ended,
        compensated: ended,
      },
    });
  }

  #end(id: string): void {
    this.#ended.get(id)?.();
    this.#ended.delete(id);
  }

  #participant() {
    return CONTRACTS.flatMap(({ step, ask, done, refused, undo, undone }) => [
      on(ask, async ({ subject, data }) => {
        if (data.refused === step) return this.#outbox.add([outgoing(refused, subject, {})]);
        await this.#db.write({ sql: INSERT_STEP, values: [subject, step] });
        await this.#outbox.add([outgoing(done, subject, {})]);
      }),
      on(undo, async ({ subject }) => {
        await this.#db.write({ sql: UNDO_STEP, values: [subject, step] });
        await this.#outbox.add([outgoing(undone, subject, {})]);
      }),
    ]);
  }
}
