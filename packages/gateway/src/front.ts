import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Ids, UuidV7Ids } from '@ashlar/domain';
import { Exchange } from './exchange.ts';
import type { GatewayMetrics } from './metrics.ts';
import { Refusal } from './refusal.ts';
import type { clientReader } from './wire/client-address.ts';
import { saneRequestId } from './wire/headers.ts';
import { answerWireError } from './wire/wire-errors.ts';

/** How long clients may take. */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

export interface FrontOptions {
  readonly handle: (exchange: Exchange) => Promise<void>;
  readonly clientOf: ReturnType<typeof clientReader>;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly patience?: Patience;
}

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 60_000 };
const MAX_HEADER_BYTES = 16 << 10;

/** The HTTP server that clients meet. It makes an exchange of each request and counts those that run. */
export class Front {
  readonly #server: Server;
  readonly #ids: Ids = new UuidV7Ids();
  #inFlight = 0;
  #isDraining = false;
  #onIdle: () => void = () => {};

  constructor(private readonly options: FrontOptions) {
    const { headersMs, requestMs, keepAliveMs } = options.patience ?? PATIENCE;
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(1_000, headersMs),
      // Refused by ourselves, in our form.
      requireHostHeader: false,
    });
    // Node would drop further headers in silence; the bytes are limited anyway.
    this.#server.maxHeadersCount = 0;
    this.#server.on('request', (request, response) => this.#take(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#take(request, response, true));
    this.#server.on('checkExpectation', (request, response) => this.#take(request, response, false));
    this.#server.on('clientError', (error, socket) => answerWireError(error, socket, this.#ids));
    this.#server.on('connect', (_request, socket) => answerWireError(new Error('CONNECT'), socket, this.#ids));
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async listen(port: number, host: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ port, host }, resolve);
    await promise;
    this.#server.off('error', reject);
  }

  /** Takes no more connections and waits for the requests that run, but not for ever. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    const { promise: idle, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const timer = setTimeout(resolve, graceMs);
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    this.#server.close(() => onClosed());
    if (this.#inFlight === 0) resolve();
    await idle;
    clearTimeout(timer);
    this.#server.closeAllConnections();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { clock, clientOf, handle, metrics } = this.options;
    const exchange = new Exchange({
      request,
      response,
      expectsContinue,
      client: clientOf(request),
      requestId: saneRequestId(request.headers['x-request-id']) ?? this.#ids.next(),
      nowMs: clock.now().getTime(),
    });
    exchange.isLast = this.#isDraining;
    if (request.headers.expect !== undefined && !expectsContinue) exchange.malformed = unmetExpectation();
    this.#inFlight += 1;
    metrics.inFlight.inc();
    response.once('close', () => this.#left(exchange));
    handle(exchange).catch(() => response.destroy());
  }

  #left(exchange: Exchange): void {
    exchange.isGone = true;
    exchange.onGone?.();
    this.#inFlight -= 1;
    this.options.metrics.inFlight.dec();
    if (this.#isDraining && this.#inFlight === 0) this.#onIdle();
  }
}

const unmetExpectation = (): Refusal =>
  new Refusal(417, 'expectation_failed', { detail: 'Only 100-continue can be expected.' });
