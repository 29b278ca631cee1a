import type { Logger } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import { ClientGone } from '../wire/body.ts';
import type { Middleware } from './middleware.ts';

/** Turns whatever was thrown into an answer that tells nothing of the inside. */
export const answered =
  (log: Logger): Middleware =>
  async (exchange, next) => {
    try {
      await next();
    } catch (error) {
      fail(exchange, error, log);
    }
  };

function fail(exchange: Exchange, error: unknown, log: Logger): void {
  const { response } = exchange;
  if (error instanceof ClientGone || exchange.isGone) return void response.destroy();
  if (!(error instanceof Refusal)) log.error({ err: error, requestId: exchange.requestId }, 'a request failed');
  // Half an answer cannot be taken back: a broken connection is the only way left to tell that it is not whole.
  if (response.headersSent) return void response.destroy();
  exchange.refuse(error instanceof Refusal ? error : internal());
}

const internal = (): Refusal =>
  new Refusal(500, 'internal', { detail: 'Something went wrong here. It has been noted under the trace id.' });
