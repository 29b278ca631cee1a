import {
  describe,
  type Failure,
  type Gap,
  type Line,
  lineId,
  type Message,
  type ParkedHead,
  type ParkedMessage,
  type ParkingLot,
  sequenceOf,
} from '@ashlar/messaging';
import { RANK } from '@ashlar/postgres';
import type { StoredMessages } from './memory-messages.ts';
import { ChangeList, type MemoryWork } from './memory-work.ts';

/** Parked messages by consumer, line and sequence. */
export type StoredParked = Map<string, ParkedMessage & { readonly dueAt: number | undefined }>;

export interface MemoryParkingLotOptions {
  readonly work: MemoryWork;
  readonly stored: StoredMessages;
  readonly consumer: string;
  readonly nextId: () => string;
}

const AT_ONCE = 100;

export class MemoryParkingLot implements ParkingLot {
  constructor(private readonly options: MemoryParkingLotOptions) {}

  async park(line: Line, message: Message, failure?: Failure): Promise<void> {
    const { consumer, nextId, stored } = this.options;
    const status = !failure ? 'waiting' : failure.retryInMs === undefined ? 'dead' : 'retrying';
    const id = nextId();
    const key = this.#key(line, sequenceOf(message));
    this.#stage(() => {
      if (stored.parked.has(key)) return;
      const { retryInMs, error } = failure ?? {};
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
        nextAttemptAt: null,
        message,
        dueAt: retryInMs === undefined ? undefined : this.#now + retryInMs,
      });
    });
  }

  async head(line: Line): Promise<ParkedHead | undefined> {
    return this.options.work.read('looks at a parked line', () => {
      const [head, next] = this.#ofLine(line);
      return head && { ...head, due: (head.dueAt ?? 0) <= this.#now, last: next === undefined };
    });
  }

  async gaps(): Promise<Gap[]> {
    return this.options.work.read('looks for gaps', () =>
      this.#heads().flatMap(({ head, mark }) =>
        head.sequence > mark + 1 ? [{ ...lineOf(head), from: mark + 1, to: head.sequence - 1 }] : [],
      ),
    );
  }

  async movable(): Promise<Line[]> {
    return this.options.work.read('looks for what may move', () =>
      this.#heads()
        .filter(({ head: { status, sequence, dueAt = 0 }, mark }) => {
          if (status === 'discarded') return true;
          return sequence <= mark + 1 && (status === 'waiting' || (status === 'retrying' && dueAt <= this.#now));
        })
        .map(({ head }) => lineOf(head)),
    );
  }

  async remove({ sequence, ...line }: ParkedMessage): Promise<void> {
    this.#stage(() => void this.options.stored.parked.delete(this.#key(line, sequence)));
  }

  async failed(message: ParkedMessage, { error, retryInMs }: Failure): Promise<void> {
    const key = this.#key(message, message.sequence);
    this.#stage(() => {
      const parked = this.options.stored.parked.get(key);
      if (!parked) return;
      this.options.stored.parked.set(key, {
        ...parked,
        attempts: parked.attempts + 1,
        error: describe(error),
        status: retryInMs === undefined ? 'dead' : 'retrying',
        dueAt: retryInMs === undefined ? undefined : this.#now + retryInMs,
      });
    });
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
    return [...lines].slice(0, AT_ONCE).map(([id, line]) => ({
      head: this.#ofLine(line)[0]!,
      mark: stored.marks.get(`${consumer}\n${id}`)?.sequence ?? 0,
    }));
  }

  #stage(apply: () => void): void {
    const { work } = this.options;
    work.stage(this, () => new ChangeList('parked messages', RANK.others)).add({ apply });
  }
}

const lineOf = ({ source, channel, key }: Line): Line => ({ source, channel, key });
