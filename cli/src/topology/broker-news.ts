import type { Stop, Timers } from '@ashlar/domain';
import type { Overhearing } from '@ashlar/messaging';
import type { Logger } from '@ashlar/telemetry';
import { type BrokerPlace, connectBroker } from './broker.ts';

export interface BrokerNews extends Overhearing {
  close(): Promise<void>;
}

/** What is needed of a bus to listen to it. */
interface Listening extends Overhearing {
  close(): Promise<void>;
}

export interface BrokerNewsOptions {
  readonly log: Logger;
  readonly timers: Timers;
  /** Connects with the broker. */
  readonly connect?: (place: BrokerPlace, onError: (error: unknown) => void) => Promise<Listening>;
}

const TRY_AGAIN_MS = 2_000;

/** What is said at a broker, from the time that it can be reached: nobody waits for it, and it may stay away. */
export function brokerNews(
  place: BrokerPlace,
  { log, timers, connect = connectBroker }: BrokerNewsOptions,
): BrokerNews {
  const waiting = new Set<(bus: Listening) => void>();
  const failed = (error: unknown): void => log.debug({ err: error }, 'The broker is not heard at the moment.');
  let found: Listening | undefined;
  let isClosed = false;
  const attempt = async (): Promise<void> => {
    const bus = await connect(place, failed);
    found = bus;
    for (const listen of waiting) listen(bus);
    waiting.clear();
  };
  // One at a time: of two that come through, both would be heard.
  let underWay: Promise<void> | undefined;
  const tryOnce = async (): Promise<void> => {
    if (found || isClosed || underWay) return;
    underWay = attempt().catch(failed);
    await underWay;
    underWay = undefined;
  };
  void tryOnce();
  const stopTrying = timers.every(TRY_AGAIN_MS, tryOnce, failed);
  return {
    overhear(channels, listener) {
      let stop: Stop = () => {};
      const listen = (bus: Listening): void => {
        stop = bus.overhear(channels, listener);
      };
      if (found) listen(found);
      else waiting.add(listen);
      return () => {
        waiting.delete(listen);
        stop();
      };
    },
    async close() {
      isClosed = true;
      stopTrying();
      await underWay;
      await found?.close();
    },
  };
}
