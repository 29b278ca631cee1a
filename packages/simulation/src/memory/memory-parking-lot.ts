import {
  describe,
  type Failure,
  type Gap,
  type Line,
  lineId,
  type Message,
  MOVE_AT_ONCE,
  type ParkedHead,
  type ParkedMessage,
  type ParkingLot,
  sequenceOf,
} from '@ashlar/messaging';
import { ConcurrencyError, RANK } from '@ashlar/postgres';
import { asJson } from './json.ts';
import type { StoredMessages } from './memory-messages.ts';
import { ChangeList, type MemoryWork } from './memory-work.ts';

/** Parked messages by consumer, line and sequence. */
export type StoredParked = Map<string, Omit<ParkedHead, 'due' | 'last'> & { readonly dueAt: number | undefined }>;

export interface MemoryParkingLotOptions {
  readonly work: MemoryWork;
  readonly stored: StoredMessages;
  readonly consumer: string;
  readonly nextId: () => string;
}

export class MemoryParkingLot implements ParkingLot {
  constructor(private readonly options: MemoryParkingLotOptions) {}

  async park(line: Line, message: Message, failure?: Failure): Promise<void> {
    const { consumer, nextId, stored } = this.options;
    const status = !failure ? 'waiting' : failure.retryInMs === undefined ? 'dead' : 'retrying';
    const id = nextId();
    const key = this.#key(line, sequenceOf(message));
    await this.#stage(() => {
      if (stored.parked.has(key)) return;
      const { retryInMs, error, failedIn = null } = failure ?? {};
      stored.parked.set(key, {
        ...line,
        id,
        consumer,
        sequence: sequenceOf(message),
        type: message.type,
        status,
        attempts: failure ? 1 : 0,
        error: failure ? describe(error) : null,
        firstFailedAt: new Date(this.#now).toISOString(),
        message: asJson(message),
        failedIn,
        ...this.#nextAttempt(retryInMs),
      });
    });
  }

  async heads(line: Line, limit: number): Promise<ParkedHead[]> {
    return this.options.work.read('looks at a parked line', () => {
      const all = this.#ofLine(line);
      return all.slice(0, limit).map(({ dueAt = 0, ...parked }, at) => ({
        ...parked,
        message: asJson(parked.message),
        due: dueAt <= this.#now,
        last: at === all.length - 1,
      }));
    });
  }

  async gaps(after?: Line): Promise<Gap[]> {
    return this.options.work.read('looks for gaps', () =>
      this.#heads()
        .filter(({ head }) => !after || lineId(head) > lineId(after))
        .sort((one, other) => (lineId(one.head) < lineId(other.head) ? -1 : 1))
        .flatMap(({ head, mark }) =>
          head.sequence > mark + 1 ? [{ ...lineOf(head), from: mark + 1, to: head.sequence - 1 }] : [],
        )
        .slice(0, MOVE_AT_ONCE),
    );
  }

  async movable(): Promise<Line[]> {
    return this.options.work.read('looks for what may move', () =>
      this.#heads()
        .filter(({ head: { status, sequence, dueAt = 0 }, mark }) => {
          if (status === 'discarded') return true;
          return sequence <= mark + 1 && (status === 'waiting' || (status === 'retrying' && dueAt <= this.#now));
        })
        .map(({ head }) => lineOf(head))
        .slice(0, MOVE_AT_ONCE),
    );
  }

  async remove({ id, sequence, ...line }: ParkedMessage): Promise<void> {
    const { parked } = this.options.stored;
    const key = this.#key(line, sequence);
    const check = () => {
      if (parked.get(key)?.id !== id) throw new ConcurrencyError('A parked message');
    };
    await this.#stage(() => void parked.delete(key), check);
  }

  async failed(message: ParkedMessage, { error, retryInMs, failedIn }: Failure): Promise<void> {
    const key = this.#key(message, message.sequence);
    await this.#stage(() => {
      const parked = this.options.stored.parked.get(key);
      if (parked?.id !== message.id) return;
      this.options.stored.parked.set(key, {
        ...parked,
        attempts: parked.attempts + 1,
        error: describe(error),
        failedIn: failedIn ?? parked.failedIn,
        status: retryInMs === undefined ? 'dead' : 'retrying',
        ...this.#nextAttempt(retryInMs),
      });
    });
  }

  #nextAttempt(retryInMs: number | undefined) {
    if (retryInMs === undefined) return { dueAt: undefined, nextAttemptAt: null };
    const dueAt = this.#now + retryInMs;
    return { dueAt, nextAttemptAt: new Date(dueAt).toISOString() };
  }

  get #now(): number {
    return this.options.work.instance.world.now;
  }

  #key(line: Line, sequence: number): string {
    return `${this.options.consumer}\n${lineId(line)}\n${sequence}`;
  }

  #ofLine(line: Line) {
    const id = lineId(line);
    const { stored, consumer } = this.options;
    return [...stored.parked.values()]
      .filter((parked) => parked.consumer === consumer && lineId(parked) === id)
      .sort((a, b) => a.sequence - b.sequence);
  }

  #heads() {
    const { stored, consumer } = this.options;
    if (stored.parked.size === 0) return [];
    const own = [...stored.parked.values()].filter((parked) => parked.consumer === consumer);
    const lines = new Map(own.map((parked) => [lineId(parked), lineOf(parked)]));
    return [...lines].flatMap(([id, line]) => {
      const mark = stored.marks.get(`${consumer}\n${id}`);
      return mark ? [{ head: this.#ofLine(line)[0]!, mark: mark.sequence }] : [];
    });
  }

  async #stage(apply: () => void, check = () => {}): Promise<void> {
    const { work } = this.options;
    if (!work.inTransaction) return work.transaction(() => this.#stage(apply, check));
    work.stage(this, () => new ChangeList('parked messages', RANK.others)).add({ check, apply });
  }
}

const lineOf = ({ source, channel, key }: Line): Line => ({ source, channel, key });
