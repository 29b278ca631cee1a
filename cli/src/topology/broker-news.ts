import { type Stop, systemTimers } from '@ashlar/domain';
import type { Overhearing } from '@ashlar/messaging';
import type { NatsBus } from '@ashlar/messaging-nats';
import type { Logger } from '@ashlar/telemetry';
import { type BrokerPlace, connectBroker } from './broker.ts';

export interface BrokerNews extends Overhearing {
  close(): Promise<void>;
}

const TRY_AGAIN_MS = 2_000;

/** What is said at a broker, from the time that it can be reached: nobody waits for it, and it may stay away. */
export function brokerNews(place: BrokerPlace, log: Logger): BrokerNews {
  const waiting: ((bus: NatsBus) => void)[] = [];
  const failed = (error: unknown): void => log.debug({ err: error }, 'The broker is not heard at the moment.');
  let found: NatsBus | undefined;
  let isClosed = false;
  const attempt = async (): Promise<void> => {
    if (found || isClosed) return;
    const bus = await connectBroker(place, failed);
    if (isClosed) return bus.close();
    found = bus;
    for (const listen of waiting) listen(bus);
  };
  let newest = attempt().catch(failed);
  const again = (): Promise<void> => {
    newest = attempt();
    return newest;
  };
  const stopTrying = systemTimers.every(TRY_AGAIN_MS, again, failed);
  return {
    overhear(channels, listener) {
      let stop: Stop = () => {};
      const listen = (bus: NatsBus): void => {
        stop = bus.overhear(channels, listener);
      };
      if (found) listen(found);
      else waiting.push(listen);
      return () => stop();
    },
    async close() {
      isClosed = true;
      stopTrying();
      await newest.catch(() => {});
      await found?.close();
    },
  };
}
