import type { Logger } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import { ClientGone } from '../wire/client-connection.ts';
import { asRefusal } from '../wire/wire-errors.ts';
import { WireFault } from '../wire/wire-fault.ts';
import type { Middleware } from './middleware.ts';

/** Turns whatever was thrown into an answer that tells nothing of the inside. */
export const answered =
  (log: Logger): Middleware =>
  (exchange, next) => {
    try {
      return next(exchange)?.catch((error: unknown) => fail(exchange, error, log));
    } catch (error) {
      fail(exchange, error, log);
      return undefined;
    }
  };

function fail(exchange: Exchange, error: unknown, log: Logger): void {
  const { response } = exchange;
  if (error instanceof ClientGone || exchange.isGone) return response.abort();
  const refusal = refusalFor(error);
  if (!refusal) {
    exchange.within(() => log.error({ err: error, requestId: exchange.requestId }, 'A request failed.'));
  }
  // Half an answer cannot be taken back: a broken connection is the only way left to tell that it is not whole.
  if (response.hasBegun) return response.abort();
  if (error instanceof WireFault) exchange.isLast = true;
  exchange.refuse(refusal ?? internal());
}

function refusalFor(error: unknown): Refusal | undefined {
  if (error instanceof WireFault) return asRefusal(error);
  return error instanceof Refusal ? error : undefined;
}

const internal = (): Refusal =>
  new Refusal(500, 'internal', { detail: 'Something went wrong here. It has been noted under the trace id.' });
