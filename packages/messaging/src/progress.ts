import type { Timers } from '@ashlar/domain';
import { type Delivery, isWithdrawn } from './bus.ts';
import type { Inbox, Line } from './inbox.ts';

/** What waits, and the time of the message that has waited longest. */
export interface Late {
  readonly messages: number;
  readonly since: string | undefined;
}

/** So often who waits looks whether another replica has come so far. */
const LOOK_AGAIN_MS = 50;

/** Of so many lines is it remembered how far they have come: those of the tokens that many clients send. */
const REMEMBERED_LINES = 1_000;

/** How far a consumer has come, for those who wait for it. */
export class Progress {
  /** Received, and not acknowledged yet. */
  readonly #open = new Set<Delivery>();
  /** How far lines are known to have come; none ever goes back. */
  readonly #known = new Map<string, number>();
  readonly #looks = new Map<string, Promise<number>>();
  #next = Promise.withResolvers<void>();
  #closed = false;
  #waiting = 0;

  constructor(
    private readonly inbox: Inbox,
    private readonly timers: Timers,
  ) {}

  /** The delivery as the consumer is to acknowledge it. */
  received(delivery: Delivery): Delivery {
    const received = {
      ...delivery,
      ack: () => {
        this.#open.delete(received);
        delivery.ack();
      },
    };
    this.#open.add(received);
    return received;
  }

  /** How many messages have been received and not acknowledged yet, and when the first of them was said. */
  get late(): Late {
    const times = [...this.#open].map(({ message }) => message.time);
    return { messages: times.length, since: times.reduce((a, b) => (a < b ? a : b), times[0]!) };
  }

  /** What belongs to another replica now. */
  forgetWithdrawn(): void {
    for (const delivery of this.#open) if (isWithdrawn(delivery)) this.#open.delete(delivery);
    this.moved();
  }

  /** Lets everybody look again. */
  moved(): void {
    this.#looks.clear();
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  /** Whoever looks again from now on waits no longer. */
  close(): void {
    this.#closed = true;
  }

  /** Somebody waits for what comes in. */
  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves when everything that had been received by the time of the call is handled, and `elsewhere` as well. */
  async settled(elsewhere: Promise<void> | undefined): Promise<void> {
    const open = [...this.#open];
    await this.#while(async () => {
      await elsewhere;
      for (const delivery of open) {
        while (this.#open.has(delivery) && !this.#closed) await this.#next.promise;
      }
    });
  }

  /** Resolves when the line has been handled up to `sequence`, or nobody waits for it any more. */
  async reached(line: Pick<Line, 'channel' | 'key'>, sequence: number, signal?: AbortSignal): Promise<void> {
    await this.#while(async () => {
      while (!this.#closed && !signal?.aborted) {
        const next = this.#next.promise;
        if ((await this.#look(line, sequence)) >= sequence) return;
        await this.#orSoon(next);
      }
    });
  }

  /** However many wait for one line, the database is asked once at a time, and not at all about what is known. */
  async #look(line: Pick<Line, 'channel' | 'key'>, sequence: number): Promise<number> {
    const id = `${line.channel}\n${line.key}`;
    const known = this.#known.get(id) ?? 0;
    if (known >= sequence) return known;
    const look = this.#looks.get(id) ?? this.inbox.read(line);
    this.#looks.set(id, look);
    try {
      const come = await look;
      this.#remember(id, come);
      return come;
    } finally {
      if (this.#looks.get(id) === look) this.#looks.delete(id);
    }
  }

  #remember(id: string, come: number): void {
    if (come <= (this.#known.get(id) ?? 0)) return;
    this.#known.delete(id);
    this.#known.set(id, come);
    if (this.#known.size > REMEMBERED_LINES) this.#known.delete(this.#known.keys().next().value!);
  }

  /** Another replica may handle the line: nobody tells of that. */
  async #orSoon(next: Promise<void>): Promise<void> {
    let stop = (): void => {};
    const soon = new Promise<void>((resolve) => {
      stop = this.timers.once(LOOK_AGAIN_MS, resolve);
    });
    await Promise.race([next, soon]);
    stop();
  }

  async #while(wait: () => Promise<void>): Promise<void> {
    this.#waiting++;
    try {
      await wait();
    } finally {
      this.#waiting--;
    }
  }
}
