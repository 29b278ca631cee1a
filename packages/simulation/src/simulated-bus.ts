import type { Bus, BusSubscription, Delivery, Gap, Parcel, Receiver, Repair, Replay } from '@ashlar/messaging';
import type { Instance } from './instance.ts';
import type { World } from './world.ts';

interface Subscriber {
  readonly instance: Instance;
  readonly receiver: Receiver;
}

/** A message on its way to one consumer, until it is acknowledged. */
interface Pending {
  readonly number: number;
  readonly parcel: Parcel;
  /** Who has got it last. */
  receiver?: Instance;
}

export interface BrokerOptions {
  /** Whether it sends nothing again to who has got it and lives, as a bus in memory does. */
  readonly isPatient?: boolean;
}

interface Registered<Handler> {
  readonly instance: Instance;
  readonly handler: Handler;
}

const USUAL_MS = 5;
const LATE_MS = 3_000;
const ACKNOWLEDGE_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/**
 * A broker that keeps what it has taken, and delivers it to each consumer until it is acknowledged: late, twice, in any
 * order, and to nobody as long as the consumer is away. It outlives every instance.
 */
export class SimulatedBroker {
  readonly #kept = new Map<string, Pending[]>();
  /** By consumer name; who came last first. */
  readonly #subscribers = new Map<string, readonly Subscriber[]>();
  readonly #pending = new Map<string, Map<number, Pending>>();
  readonly #begun = new Set<string>();
  /** By consumer name and number: what it will never get. */
  readonly #forgotten = new Set<string>();
  readonly #repairs = new Map<string, Registered<Repair>>();
  readonly #replays = new Map<string, Registered<Replay>>();
  #numbers = 0;

  constructor(
    private readonly world: World,
    private readonly options: BrokerOptions = {},
  ) {}

  /** The bus as this instance sees it. */
  connect(instance: Instance): Bus {
    return {
      publish: (parcels) => this.#publish(instance, parcels),
      subscribe: (receiver) => this.#subscribe({ instance, receiver }),
      onRepair: (source, handler) => void this.#repairs.set(source, { instance, handler }),
      repair: (gap) => this.#repair(instance, gap),
      onReplay: (source, handler) => void this.#replays.set(source, { instance, handler }),
      replay: (channel) => this.#replay(instance, channel),
    };
  }

  /** Deliveries that nobody has acknowledged. */
  get open(): number {
    return [...this.#pending.values()].reduce((sum, pending) => sum + pending.size, 0);
  }

  async #publish(instance: Instance, parcels: readonly Parcel[]): Promise<void> {
    if (parcels.length === 0) return;
    const isAnswered = !this.world.faults.strikes('lostAnswer');
    const isTaken = isAnswered || this.world.random.happens(0.5);
    await instance.call(`publishes ${parcels.length}`, () => {
      if (isTaken) for (const parcel of parcels) this.#take(parcel);
    });
    if (!isAnswered) throw new Error('The broker has not answered.');
  }

  #take(parcel: Parcel): void {
    const one = { number: ++this.#numbers, parcel };
    const kept = this.#kept.get(parcel.channel) ?? [];
    kept.push(one);
    this.#kept.set(parcel.channel, kept);
    for (const [consumer, [newest]] of this.#subscribers)
      if (newest?.receiver.channels.includes(parcel.channel)) this.#send(consumer, { ...one });
  }

  #send(consumer: string, one: Pending): void {
    const { faults, random } = this.world;
    const pending = this.#pending.get(consumer) ?? new Map<number, Pending>();
    this.#pending.set(consumer, pending.set(one.number, one));
    for (const earlier of pending.values())
      if (isBefore(earlier.parcel, one.parcel) && faults.strikes('forget')) this.#forget(consumer, earlier.number);
    const latest = faults.strikes('reorder') ? LATE_MS : USUAL_MS;
    if (!faults.strikes('drop')) this.world.after(random.next() * latest, () => this.#deliver(consumer, one));
    if (faults.strikes('duplicate')) this.world.after(random.next() * LATE_MS, () => this.#deliver(consumer, one));
    this.#again(consumer, one);
  }

  #again(consumer: string, one: Pending): void {
    this.world.after(ACKNOWLEDGE_WITHIN_MS, () => {
      if (!this.#pending.get(consumer)?.has(one.number)) return;
      if (!(this.options.isPatient && one.receiver?.isAlive)) this.#deliver(consumer, one);
      this.#again(consumer, one);
    });
  }

  /** A broker's acknowledgement is no fsync: after a power cut the end of its log may be gone, and new comes behind. */
  #forget(consumer: string, number: number): void {
    this.#pending.get(consumer)?.delete(number);
    this.#forgotten.add(`${consumer}\n${number}`);
    this.world.note(`the broker forgets ${number} for ${consumer}`);
  }

  /** A duplicate is delivered even where the first one was acknowledged. */
  #deliver(consumer: string, one: Pending): void {
    const { number, parcel } = one;
    const subscriber = this.#receiving(consumer);
    if (!subscriber || this.#forgotten.has(`${consumer}\n${number}`)) return;
    const { type, subject, sequence } = parcel.message;
    this.world.note(`${consumer} gets ${type} ${subject} ${Number(sequence)}`);
    const ack = () => subscriber.instance.isAlive && this.#pending.get(consumer)?.delete(number);
    const delivery: Delivery = { ...parcel, ack: () => void ack() };
    one.receiver = subscriber.instance;
    subscriber.instance.whenAwake(() => subscriber.receiver.deliver(delivery));
  }

  /** Of several who live it is the one who came last; who stands still only where there is no other. */
  #receiving(consumer: string): Subscriber | undefined {
    const living = this.#subscribers.get(consumer)?.filter(({ instance }) => instance.isAlive) ?? [];
    return living.find(({ instance }) => instance.silentForMs === 0) ?? living[0];
  }

  /** Nobody is forgotten who has died: what is said before his successor comes is kept for that one. */
  #subscribe(subscriber: Subscriber): BusSubscription {
    const { receiver } = subscriber;
    const others = (this.#subscribers.get(receiver.consumer) ?? []).filter(({ instance }) => instance.isAlive);
    this.#subscribers.set(receiver.consumer, [subscriber, ...others]);
    for (const channel of receiver.channels) this.#begin(receiver.consumer, channel);
    for (const one of this.#pending.get(receiver.consumer)?.values() ?? [])
      this.world.after(this.world.random.next() * USUAL_MS, () => this.#deliver(receiver.consumer, one));
    return {
      close: async () => {
        const left = this.#subscribers.get(receiver.consumer)!.filter((one) => one !== subscriber);
        if (left.length > 0) this.#subscribers.set(receiver.consumer, left);
        else this.#subscribers.delete(receiver.consumer);
      },
      caughtUp: () => this.#caughtUp(subscriber),
    };
  }

  async #caughtUp(subscriber: Subscriber): Promise<void> {
    const { consumer } = subscriber.receiver;
    const open = [...(this.#pending.get(consumer)?.keys() ?? [])];
    const isHere = () => subscriber.instance.isAlive && this.#subscribers.get(consumer)?.includes(subscriber);
    while (isHere() && open.some((number) => this.#pending.get(consumer)?.has(number)))
      await subscriber.instance.pass(LOOK_AGAIN_MS);
  }

  /** A consumer that is new on a channel gets whatever is kept of it. */
  #begin(consumer: string, channel: string): void {
    const name = `${consumer}\n${channel}`;
    if (this.#begun.has(name)) return;
    this.#begun.add(name);
    for (const one of this.#kept.get(channel) ?? []) this.#send(consumer, { ...one });
  }

  async #repair(instance: Instance, gap: Gap): Promise<number> {
    const source = this.#repairs.get(gap.source);
    await instance.call(`asks ${gap.source} for ${gap.key} ${gap.from} to ${gap.to}`, () => {
      if (!source?.instance.isAlive) throw new Error(`Nobody answers for ${gap.source}.`);
    });
    return this.#inTime(source!.instance.awake().then(() => source!.handler(gap)));
  }

  async #replay(instance: Instance, channel: string): Promise<void> {
    await instance.call(`asks for ${channel} again`, () => {});
    const sources = [...this.#replays.values()].filter((source) => source.instance.isAlive);
    const asked = sources.map((source) => source.instance.awake().then(() => source.handler(channel)));
    await Promise.all(asked.map((answer) => this.#inTime(answer).catch(() => {})));
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    const tooLate = this.world.pass(ANSWER_WITHIN_MS).then((): never => {
      throw new Error('It has not answered in time.');
    });
    tooLate.catch(() => {});
    return Promise.race([answer, tooLate]);
  }
}

/** Whether it belongs to the same line, and has a lower number there. */
const isBefore = ({ channel, message }: Parcel, than: Parcel): boolean =>
  channel === than.channel &&
  message.source === than.message.source &&
  message.subject === than.message.subject &&
  message.sequence < than.message.sequence;
