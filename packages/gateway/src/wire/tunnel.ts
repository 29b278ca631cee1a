import type { Socket } from 'node:net';
import type { ClientConnection } from './client-connection.ts';
import type { ClientResponse } from './client-response.ts';
import { closeFrame, FrameWatch } from './frame-watch.ts';
import type { AnswerHead } from './head-reader.ts';
import { outwardHeaders } from './headers.ts';

/** Why a WebSocket ends (RFC 6455, section 7.4.1). */
export const GOING_AWAY = 1_001;
export const NO_LONGER_WELCOME = 1_008;

const LINGER_MS = 1_000;

/** A WebSocket through the gateway: client and service talk to each other, each at the other's pace. */
export class Tunnel {
  #ways: { readonly toClient: Way; readonly toService: Way } | undefined;
  #isCut = false;

  constructor(
    private readonly connection: ClientConnection,
    private readonly response: ClientResponse,
  ) {}

  /** The service has agreed; `first` is what came right behind its answer. */
  open(head: AnswerHead, service: Socket, first: Buffer): void {
    const headers = outwardHeaders(head, '');
    headers.append('connection', 'upgrade');
    headers.append('upgrade', head.headers.get('upgrade') ?? 'websocket');
    const client = this.connection.socket;
    const ahead = this.connection.release();
    this.response.switchProtocols(headers);
    client.on('close', () => service.destroy());
    service.on('close', () => {
      if (!this.#isCut) this.connection.endSoon();
    });
    // Whoever was told that it is over, and has said so too, waits for the end of the connection.
    const agreed = (): void => void (this.#isCut && client.destroySoon());
    this.#ways = {
      toClient: new Way({ from: service, to: client, first, hangsUp: true }),
      toService: new Way({ from: client, to: service, first: ahead, closed: agreed }),
    };
  }

  dismiss(code: number): void {
    this.cut(code);
  }

  /** Ends it, and tells both sides why as soon as no frame of the other's is half-way; but it waits a moment only. */
  cut(code: number): void {
    if (this.#isCut || !this.#ways) return;
    this.#isCut = true;
    const { socket } = this.connection;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    this.#ways.toClient.end(closeFrame(code, 'client'));
    this.#ways.toService.end(closeFrame(code, 'server'));
  }
}

interface WayOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly first: Buffer;
  /** The connection ends with our last frame: servers hang up, and clients wait for that. */
  readonly hangsUp?: boolean;
  /** Called when a frame has said that it is the last one. */
  readonly closed?: () => void;
}

/** One direction of it. */
class Way {
  readonly #watch = new FrameWatch();
  #lastFrame: Buffer | undefined;

  constructor(private readonly options: WayOptions) {
    const { from, to, first, closed } = options;
    if (first.length > 0) to.write(first);
    this.#watch.passed(first);
    from.pipe(to);
    // Behind the pipe: what is watched here has been written there.
    from.on('data', (bytes: Buffer) => {
      this.#watch.passed(bytes);
      this.#endBetween();
      if (this.#watch.hasClosed) closed?.();
    });
  }

  end(lastFrame: Buffer): void {
    this.#lastFrame = lastFrame;
    this.#endBetween();
  }

  #endBetween(): void {
    if (!this.#lastFrame || !this.#watch.isBetween) return;
    const { from, to, hangsUp } = this.options;
    // What comes now is read for its end, and dropped.
    from.unpipe(to).resume();
    to.write(this.#lastFrame);
    if (hangsUp) to.end();
    this.#lastFrame = undefined;
  }
}
