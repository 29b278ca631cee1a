import type { Database } from '@ashlar/postgres';
import type { Bus } from './bus.ts';

export interface RegistrationOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly consumer: string;
  readonly channels: readonly string[];
  readonly from: 'oldest' | 'now';
}

/** Which channels a consumer has begun to read, and from where. */
export class Registration {
  /** Channels that it begins with what is said from now on: what was said before only moves the marks. */
  readonly #beginning = new Set<string>();
  #isKnown: boolean;

  constructor(private readonly options: RegistrationOptions) {
    this.#isKnown = options.from === 'oldest';
  }

  /** Whether it is clear what may be handled: one that begins `now` has to know its channels first. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether messages of the channel only move the marks. */
  isBeginning(channel: string): boolean {
    return this.#beginning.has(channel);
  }

  /** Asks for what was said on channels that are new, and writes down that they no longer are. */
  async catchUp(onKnown: () => void): Promise<void> {
    const { db, bus, consumer, channels, from } = this.options;
    const rows = await db.query<{ channel: string }>('select channel from consumers where consumer = $1', [consumer]);
    const old = new Set(rows.map(({ channel }) => channel));
    const added = channels.filter((channel) => !old.has(channel));
    if (from === 'now') for (const channel of added) this.#beginning.add(channel);
    this.#isKnown = true;
    onKnown();
    for (const channel of added) {
      await bus.replay(channel);
      await db.execute('insert into consumers (consumer, channel) values ($1, $2) on conflict do nothing', [
        consumer,
        channel,
      ]);
      this.#beginning.delete(channel);
    }
  }
}

interface Named {
  readonly name: string;
  readonly channels: readonly string[];
}

/**
 * Forgets the registrations of consumers, and of channels, that a service no longer has: whatever is said while they
 * are away counts as published without them, so that at their return they have to ask for it.
 */
export async function forgetAbsent(db: Database, consumers: readonly Named[]): Promise<void> {
  const present = consumers.flatMap(({ name, channels }) => channels.map((channel) => ({ consumer: name, channel })));
  await db.execute(
    `delete from consumers where (consumer, channel) not in
       (select consumer, channel from json_to_recordset($1) as present(consumer text, channel text))`,
    [JSON.stringify(present)],
  );
}
