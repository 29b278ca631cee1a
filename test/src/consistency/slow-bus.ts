import { type Bus, type BusSubscription, type Delivery, LocalBus, type Receiver } from '@ashlar/messaging';

/** A bus that takes its time with each delivery, so that messages overtake each other on their way. */
export class SlowBus extends LocalBus implements Bus {
  constructor(private readonly delayMs: () => number) {
    super();
  }

  override subscribe(receiver: Receiver): BusSubscription {
    const deliver = (delivery: Delivery) => void setTimeout(() => receiver.deliver(delivery), this.delayMs());
    return super.subscribe({ ...receiver, deliver });
  }
}
