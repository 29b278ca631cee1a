import type { Bus, BusSubscription, Delivery, Gap, PublishOptions, Receiver, Repair } from './bus.ts';
import { type Parcel, sequenceOf } from './message.ts';
import type { Claim } from './replica.ts';

/** A bus in the hands of a test: it delivers what it is told to, as often and in the order that the test likes. */
export class HandBus implements Bus {
  readonly published: Parcel[] = [];
  /** Those of them that were published before. */
  readonly repeated: Parcel[] = [];
  readonly acknowledged: string[] = [];
  readonly asked: Gap[] = [];
  readonly #receivers = new Set<Receiver>();
  readonly #repairs = new Map<string, Repair>();
  /** When everything has been acknowledged, on all replicas. */
  caughtUp: Promise<void> = Promise.resolve();
  /** What becomes of a publication. */
  onPublish: (parcels: readonly Parcel[]) => Promise<void> = async () => {};
  /** What the source answers that is asked for a gap; without it, the source that has registered itself. */
  onAsked: Repair | undefined;

  async publish(parcels: readonly Parcel[], { isRepeated = false }: PublishOptions = {}): Promise<void> {
    await this.onPublish(parcels);
    this.published.push(...parcels);
    if (isRepeated) this.repeated.push(...parcels);
  }

  subscribe(receiver: Receiver): BusSubscription {
    this.#receivers.add(receiver);
    return { close: async () => void this.#receivers.delete(receiver), caughtUp: () => this.caughtUp };
  }

  onReplay(): void {}

  async replay(): Promise<void> {}

  onRepair(source: string, repair: Repair): void {
    this.#repairs.set(source, repair);
  }

  async repair(gap: Gap): Promise<number> {
    this.asked.push(gap);
    if (this.onAsked) return this.onAsked(gap);
    const repair = this.#repairs.get(gap.source);
    if (!repair) throw new Error(`Nobody answers for ${gap.source}.`);
    return repair(gap);
  }

  deliver(...parcels: readonly Parcel[]): void {
    this.deliverFor(undefined, ...parcels);
  }

  /** What belongs to claims that are over is another's now. */
  async withdraw(): Promise<void> {
    for (const { withdraw } of this.#receivers) await withdraw?.();
  }

  /** In the name of a claim. */
  deliverFor(claim: Claim | undefined, ...parcels: readonly Parcel[]): void {
    for (const parcel of parcels) {
      const ack = () => void this.acknowledged.push(nameOf(parcel));
      const delivery: Delivery = { ...parcel, ack, ...(claim && { claim }) };
      for (const receiver of this.#receivers) receiver.deliver(delivery);
    }
  }
}

/** `k/3`: the third message of the key k. */
export const nameOf = ({ message }: Parcel): string => `${message.subject}/${sequenceOf(message)}`;
