import type { ConsumerDefinition, Message, Subscription } from '@ashlar/messaging';
import { type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';

export interface MessageProjectionOptions {
  readonly db: Database;
  /** The name of the read model, and of its consumer. */
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
}

/**
 * A read model that is fed by the messages of other services. Its consumer's inbox is what makes each message count
 * once; the checkpoint tells how many have been taken in, and when the last of them was said.
 */
export function messageProjection({ db, name, subscriptions }: MessageProjectionOptions): ConsumerDefinition {
  const owner = {};
  return {
    name,
    subscriptions: subscriptions.map(({ handle, ...subscription }) => ({
      ...subscription,
      async handle(message: Message) {
        await handle(message);
        db.buffer(owner, () => new CheckpointBuffer(name)).note(message.time);
      },
    })),
  };
}

/** One write for all messages of a transaction. */
class CheckpointBuffer implements WriteBuffer {
  readonly rank = RANK.others;
  readonly #times: string[] = [];

  constructor(readonly name: string) {}

  note(time: string): void {
    this.#times.push(time);
  }

  mark(): number {
    return this.#times.length;
  }

  restore(mark: unknown): void {
    this.#times.length = mark as number;
  }

  flush(): readonly Statement[] {
    if (this.#times.length === 0) return [];
    return [
      {
        sql: `insert into projections as p (name, position, last_at) values ($1, $2, $3)
              on conflict (name) do update set position = p.position + excluded.position,
                last_at = greatest(p.last_at, excluded.last_at), updated_at = clock_timestamp()`,
        values: [this.name, this.#times.length, this.#times.toSorted().at(-1)],
      },
    ];
  }
}
