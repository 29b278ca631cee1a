import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { PROBLEM_HEADERS, toProblem } from '@ashlar/http';
import { nextSpan } from '@ashlar/telemetry';

/**
 * The port of a system that starts: taken at once, so that nobody else, a service of its own included, answers there
 * meanwhile and is believed to be the shop. Who asks early is told to come again.
 */
export class HeldPort {
  #isHandedOver = false;

  private constructor(private readonly server: Server) {}

  /** Fails with `EADDRINUSE` where somebody has it. */
  static async take(port: number, host: string): Promise<HeldPort> {
    const server = createServer(answer);
    server.listen({ port, host });
    await once(server, 'listening');
    return new HeldPort(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The server that answers from now on takes the port over as it is: there is no moment in which it is free. */
  handOver(): Server {
    this.#isHandedOver = true;
    return this.server;
  }

  release(): void {
    if (this.#isHandedOver) return;
    this.server.close();
    this.server.closeAllConnections();
  }
}

const ids = new UuidV7Ids();

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = '/' } = request;
  const isAlive = url === '/livez';
  const problem = toProblem(STARTING, url.split('?')[0]!, nextSpan().traceId);
  request.resume();
  response.writeHead(isAlive ? 200 : STARTING.status, {
    ...(isAlive ? { 'content-type': 'application/json' } : PROBLEM_HEADERS),
    'cache-control': 'no-store',
    connection: 'close',
    'x-request-id': ids.next(systemClock.now().getTime()),
    ...(!isAlive && { 'retry-after': '1' }),
  });
  response.end(JSON.stringify(isAlive ? { status: 'ok' } : problem));
}

const STARTING = { status: 503, code: 'upstream_unavailable', detail: 'The system is starting.' } as const;
