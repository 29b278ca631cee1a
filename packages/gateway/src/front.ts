import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Clock, UuidV7Ids } from '@ashlar/domain';
import { Exchange } from './exchange.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Next } from './pipeline/middleware.ts';
import { Refusal } from './refusal.ts';
import type { clientReader } from './wire/client-address.ts';
import { ClientConnection, type ConnectionOwner, type Patience } from './wire/client-connection.ts';
import type { ClientRequest } from './wire/client-request.ts';
import type { ClientResponse } from './wire/client-response.ts';
import { saneRequestId } from './wire/headers.ts';
import { rawAnswer } from './wire/wire-errors.ts';
import type { WireFault } from './wire/wire-fault.ts';

/** Certificate chain and key, as PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

export interface ListenAddress {
  readonly port: number;
  readonly host: string;
  /** A server that listens there already: its port is taken over, without a moment in which nobody has it. */
  readonly held?: Server;
}

export interface FrontOptions {
  readonly handle: Next;
  readonly clientOf: ReturnType<typeof clientReader>;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly patience?: Patience;
  readonly tls?: Tls;
  readonly maxConnections?: number;
}

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 60_000 };
const MAX_CONNECTIONS = 20_000;
const BACKLOG = 2_048;
const TLS_FOR_HTTP = { ALPNProtocols: ['http/1.1'], minVersion: 'TLSv1.2' } as const;

/** The HTTP server that clients meet. It makes an exchange of each request and counts those that run. */
export class Front implements ConnectionOwner {
  readonly patience: Patience;
  readonly #server: Server;
  readonly #connections = new Set<ClientConnection>();
  /** Those below TLS, which are there before a client is. */
  readonly #sockets = new Set<Socket>();
  readonly #ids = new UuidV7Ids();
  readonly #sweep: NodeJS.Timeout;
  #inFlight = 0;
  #isDraining = false;
  #onIdle: () => void = () => {};

  constructor(private readonly options: FrontOptions) {
    this.patience = options.patience ?? PATIENCE;
    const { tls } = options;
    const welcome = (socket: Socket): void => void this.#connections.add(new ClientConnection(socket, this));
    this.#server = tls
      ? createTlsServer({ ...tls, ...TLS_FOR_HTTP, handshakeTimeout: this.patience.headersMs }, welcome)
      : createServer(welcome);
    if (tls) this.#watchHandshakes();
    this.#server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    const sweepMs = Math.min(1_000, Math.max(10, this.patience.headersMs / 4));
    this.#sweep = setInterval(() => this.#expire(), sweepMs).unref();
  }

  /** Whoever has not finished its handshake is no client yet, and holds a connection all the same. */
  #watchHandshakes(): void {
    this.#server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async listen({ port, host, held }: ListenAddress): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    if (held) this.#server.listen(held, BACKLOG, resolve);
    else this.#server.listen({ port, host, backlog: BACKLOG }, resolve);
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
    clearInterval(this.#sweep);
    for (const connection of this.#connections) connection.leave();
    const cut = setTimeout(() => this.#cutOff(), CUT_OFF_MS);
    await closed;
    clearTimeout(cut);
  }

  take(request: ClientRequest, response: ClientResponse, connection: ClientConnection): void {
    const { clock, clientOf, handle, metrics } = this.options;
    const { headers } = request;
    const expects = headers.get('expect')?.toLowerCase();
    const nowMs = clock.now().getTime();
    const exchange = new Exchange({
      request,
      response,
      connection,
      expectsContinue: expects === '100-continue' && request.minor > 0,
      client: clientOf(connection.socket.remoteAddress ?? '', headers, this.options.tls !== undefined),
      requestId: saneRequestId(headers.get('x-request-id')) ?? this.#ids.next(nowMs),
      nowMs,
    });
    if (this.#isDraining) response.isLast = true;
    if (expects !== undefined && expects !== '100-continue') exchange.malformed = unmetExpectation();
    this.#inFlight += 1;
    metrics.inFlight.value = this.#inFlight;
    response.onceDone(() => this.#done(exchange));
    handle(exchange)?.catch(() => response.abort());
  }

  refusalOf(fault: WireFault): string {
    return rawAnswer(fault, this.#ids);
  }

  left(connection: ClientConnection): void {
    this.#connections.delete(connection);
  }

  #done(exchange: Exchange): void {
    if (exchange.isGone) exchange.relay?.clientLeft();
    this.#inFlight -= 1;
    this.options.metrics.inFlight.value = this.#inFlight;
    if (this.#isDraining && this.#inFlight === 0) this.#onIdle();
  }

  #expire(): void {
    const now = performance.now();
    for (const connection of this.#connections) if (connection.deadlineAt <= now) connection.expire();
  }

  #cutOff(): void {
    for (const connection of this.#connections) connection.socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const CUT_OFF_MS = 500;

const unmetExpectation = (): Refusal =>
  new Refusal(417, 'expectation_failed', { detail: 'Only 100-continue can be expected.' });
