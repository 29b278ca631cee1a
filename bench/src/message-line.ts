import { systemClock, UuidV7Ids } from '@ashlar/domain';
import {
  type Bus,
  Consumer,
  type Contract,
  command,
  LocalBus,
  messagingMigrations,
  OutboxPublisher,
  on,
  outgoing,
  PostgresOutbox,
  postgresMessageStorage,
} from '@ashlar/messaging';
import { migrate, PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { atEnd } from './lifetime.ts';

const schema = { type: 'object', properties: { number: { type: 'integer' } } };
const Note = command('bench.Note.v1', schema) as Contract<{ number: number }>;

/** Outbox, bus and inbox of one service, wired as the kit's README does it: what is said is heard by one handler. */
export class MessageLine {
  readonly #outbox: PostgresOutbox;
  readonly consumer: Consumer;

  private constructor(
    readonly db: PostgresDatabase,
    readonly publisher: OutboxPublisher,
    { outbox, consumer }: { outbox: PostgresOutbox; consumer: Consumer },
  ) {
    this.#outbox = outbox;
    this.consumer = consumer;
  }

  static async open(
    url: string,
    handle: (data: { number: number }, db: PostgresDatabase) => Promise<unknown>,
    bus: Bus = new LocalBus(),
  ): Promise<MessageLine> {
    await migrate(url, await messagingMigrations());
    const db = new PostgresDatabase({ url });
    const ids = new UuidV7Ids();
    const storage = postgresMessageStorage(db);
    const publisher = new OutboxPublisher({ outbox: storage.outbox, bus, source: '/services/bench' });
    const outbox = new PostgresOutbox({ db, clock: systemClock, ids, onCommitted: (rows) => publisher.publish(rows) });
    const definition = { name: 'bench', subscriptions: [on(Note, ({ data }) => handle(data, db))] };
    const tracing = createTracing({ service: 'bench' });
    const consumer = new Consumer({ definition, storage, bus, tracing, nextId: () => ids.next() });
    consumer.start();
    await consumer.catchUpNewChannels();
    await publisher.start();
    atEnd(async () => {
      await consumer.stop();
      await publisher.stop();
      await db.close();
    });
    return new MessageLine(db, publisher, { outbox, consumer });
  }

  /** All in one transaction. */
  async sayAll(keys: readonly string[], number: number): Promise<void> {
    await this.#outbox.add(keys.map((key) => outgoing(Note, key, { number })));
  }

  /** In a transaction of its own. */
  async say(key: string, number: number): Promise<void> {
    await this.#outbox.add([outgoing(Note, key, { number })]);
  }
}
