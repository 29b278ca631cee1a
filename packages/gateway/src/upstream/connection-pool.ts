import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { outsideContext } from '@ashlar/telemetry';
import { readBuffer } from '../wire/read-buffer.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** Called with a connection, or with the reason why there is none. */
type Waiter = (connection: UpstreamConnection | undefined, error?: Error) => void;

export interface PoolOptions {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Its sockets may be handed over to another protocol, which reads them as streams. */
  readonly upgrades?: boolean;
}

const SWEEP_MS = 500;
const MAX_WAITERS = 10_000;

/** The kept connections to one replica: the one used last is used first, so that those of a burst can go. */
export class ConnectionPool {
  readonly host: string;
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  readonly #waiters: Waiter[] = [];
  readonly #url: URL;
  readonly #sweep: NodeJS.Timeout;
  /** The clock as of the last sweep: what is closed for idleness may be closed a little early. */
  #sweptAt = performance.now();
  #opening = 0;
  #isClosed = false;

  constructor(
    origin: string,
    private readonly options: PoolOptions,
  ) {
    this.#url = new URL(origin);
    this.host = this.#url.host;
    this.#sweep = setInterval(() => this.#closeIdle(performance.now()), SWEEP_MS).unref();
  }

  /** Connections in use, and callers that wait for one. */
  get load(): number {
    return this.#all.size - this.#idle.length + this.#opening + this.#waiters.length;
  }

  /** Calls back at once where a connection is free. `fresh` passes by those that were used before. */
  acquire(waiter: Waiter, fresh = false): void {
    if (this.#isClosed) return waiter(undefined, new Error('The pool is closed.'));
    const idle = fresh ? undefined : this.#idle.pop();
    if (idle) {
      idle.idleUntil = Number.POSITIVE_INFINITY;
      return waiter(idle);
    }
    if (this.#all.size + this.#opening < this.options.connections) return this.#open(waiter);
    if (this.#waiters.length >= MAX_WAITERS) return waiter(undefined, new Error('Too many wait for a connection.'));
    this.#waiters.push(waiter);
  }

  /** Connections in use finish what they do. */
  retire(): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    for (const connection of this.#idle.splice(0)) connection.abandon();
    for (const waiter of this.#waiters.splice(0)) waiter(undefined, new Error('The replica is gone.'));
  }

  destroy(): void {
    this.retire();
    for (const connection of this.#all) connection.socket.destroy();
  }

  #open(waiter: Waiter): void {
    this.#opening += 1;
    let opened: UpstreamConnection | undefined;
    const socket = outsideContext(() => this.#connect((bytes) => opened?.arrived(bytes)));
    let isSettled = false;
    const settle = (error?: Error): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      this.#opening -= 1;
      socket.off('error', settle);
      if (!error) {
        opened = this.#opened(socket);
        return waiter(opened);
      }
      socket.on('error', () => {}).destroy();
      waiter(undefined, error);
      this.#serveNext();
    };
    const timer = setTimeout(() => settle(new Error('Connecting took too long.')), this.options.connectTimeoutMs);
    socket.once('error', settle);
    socket.once(this.#url.protocol === 'https:' ? 'secureConnect' : 'connect', () => settle());
  }

  #connect(arrived: (bytes: Buffer) => void): Socket {
    const { hostname, port, protocol } = this.#url;
    const host = hostname.replace(/^\[|\]$/g, '');
    const isPlain = protocol !== 'https:';
    if (isPlain && !this.options.upgrades) {
      const callback = (count: number): boolean => {
        arrived(readBuffer.subarray(0, count));
        return true;
      };
      const onread = { buffer: readBuffer, callback };
      return connectTcp({ host, port: Number(port || 80), noDelay: true, onread });
    }
    const socket = isPlain
      ? connectTcp({ host, port: Number(port || 80), noDelay: true })
      : connectTls({ host, port: Number(port || 443), servername: host, ALPNProtocols: ['http/1.1'] });
    return socket.on('data', arrived);
  }

  #opened(socket: Socket): UpstreamConnection {
    const connection = new UpstreamConnection(socket, {
      released: (released, idleMs) => this.#released(released, idleMs),
      closed: (closed) => this.#closed(closed),
    });
    this.#all.add(connection);
    return connection;
  }

  #released(connection: UpstreamConnection, idleMs: number): void {
    if (this.#isClosed) return connection.abandon();
    const waiter = this.#waiters.shift();
    if (waiter) return waiter(connection);
    connection.idleUntil = this.#sweptAt + idleMs;
    this.#idle.push(connection);
  }

  #closed(connection: UpstreamConnection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#serveNext();
  }

  #serveNext(): void {
    if (this.#isClosed || this.#all.size + this.#opening >= this.options.connections) return;
    const waiter = this.#waiters.shift();
    if (waiter) this.#open(waiter);
  }

  #closeIdle(now: number): void {
    this.#sweptAt = now;
    while (this.#idle.length > 0 && this.#idle[0]!.idleUntil <= now) this.#idle.shift()!.abandon();
  }
}
