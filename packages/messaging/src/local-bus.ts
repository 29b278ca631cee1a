import type { Stop } from '@ashlar/domain';
import type { Bus, BusSubscription, Gap, Overhearing, Receiver, Repair, Replay } from './bus.ts';
import type { Parcel } from './message.ts';

/**
 * The bus of one process: hands messages over in memory. `publish` resolves only when every consumer has committed, so
 * that outbox rows stay unpublished until then and a crash loses nothing.
 */
export class LocalBus implements Bus, Overhearing {
  readonly #receivers = new Map<string, Set<Receiver>>();
  readonly #repairs = new Map<string, Repair>();
  readonly #replays = new Map<string, Replay>();
  readonly #listeners = new Map<string, Set<(parcel: Parcel) => void>>();

  /** `onError` learns of listeners that fail, which disturbs nobody else. */
  constructor(private readonly onError: (error: unknown) => void = () => {}) {}

  publish(parcels: readonly Parcel[]): Promise<void> {
    for (const parcel of parcels) this.#tellListeners(parcel);
    const { promise, resolve } = Promise.withResolvers<void>();
    const deliveries = parcels.flatMap((parcel) =>
      [...(this.#receivers.get(parcel.channel) ?? [])].map((receiver) => ({ receiver, parcel })),
    );
    let open = deliveries.length;
    if (open === 0) resolve();
    for (const { receiver, parcel } of deliveries) {
      const ack = once(() => {
        open -= 1;
        if (open === 0) resolve();
      });
      receiver.deliver({ ...parcel, ack });
    }
    return promise;
  }

  subscribe(receiver: Receiver): BusSubscription {
    for (const channel of receiver.channels) {
      const receivers = this.#receivers.get(channel) ?? new Set();
      for (const other of receivers)
        if (isSilent(other) && other.consumer === receiver.consumer) receivers.delete(other);
      this.#receivers.set(channel, receivers.add(receiver));
    }
    return { close: async () => this.#silence(receiver), caughtUp: async () => {} };
  }

  #tellListeners(parcel: Parcel): void {
    for (const listener of this.#listeners.get(parcel.channel) ?? []) {
      try {
        listener(parcel);
      } catch (error) {
        this.onError(error);
      }
    }
  }

  /** Services stop one after another: what is published for a consumer that has left already waits for its return. */
  #silence(receiver: Receiver): void {
    const silent = { ...receiver, deliver: nobody };
    for (const channel of receiver.channels) {
      const receivers = this.#receivers.get(channel);
      if (receivers?.delete(receiver)) receivers.add(silent);
    }
  }

  overhear(channels: readonly string[], listener: (parcel: Parcel) => void): Stop {
    const all = channels.map((channel) => {
      const listeners = this.#listeners.get(channel) ?? new Set();
      this.#listeners.set(channel, listeners.add(listener));
      return listeners;
    });
    return () => {
      for (const listeners of all) listeners.delete(listener);
    };
  }

  onRepair(source: string, repair: Repair): void {
    this.#repairs.set(source, repair);
  }

  async repair(gap: Gap): Promise<number> {
    const repair = this.#repairs.get(gap.source);
    if (!repair) throw new Error(`Nobody answers for ${gap.source}.`);
    return repair(gap);
  }

  onReplay(source: string, replay: Replay): void {
    this.#replays.set(source, replay);
  }

  async replay(channel: string): Promise<void> {
    await Promise.all([...this.#replays.values()].map((replay) => replay(channel)));
  }
}

const nobody = (): void => {};

const isSilent = ({ deliver }: Receiver): boolean => deliver === nobody;

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
