import type { Socket } from 'node:net';
import type { Exchange } from '../exchange.ts';
import { unavailable } from '../refusal.ts';
import type { AnswerSink } from '../wire/answer-sink.ts';
import { ClientGone } from '../wire/client-connection.ts';
import type { AnswerHead } from '../wire/head-reader.ts';
import { outwardHeaders } from '../wire/headers.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { Deadlines, Silence, Waiter } from './deadlines.ts';
import { UpstreamFailure } from './upstream.ts';
import type { AnswerTaker, UpstreamConnection } from './upstream-connection.ts';

/** How long a client may take nothing of an answer that is there. */
const STALLED_MS = 30_000;

export interface RelayOptions {
  readonly origin: string;
  /** On the machine's own clock. */
  readonly now: number;
  /** From the end of the request until the answer begins, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the answer may pause after that; 0 is for ever. */
  readonly pauseMs: number;
  /** Its client comes back where it is cut off. */
  readonly isEndless: boolean;
  /** A 5xx that is not in the agreed form stays inside. */
  readonly sealsErrors: boolean;
  /** The request's head, as it goes out. */
  readonly text: string;
  readonly method: string;
  readonly deadlines: Deadlines;
  /** Another replica can be asked as long as no answer has begun. */
  readonly isMovable: boolean;
  /** What only reads has no reason to wait for certainty: called when it has waited for a while, again and again. */
  readonly doubted?: (() => void) | undefined;
  /** Asked when something is about to be told: of two who are asked for the same, one may. */
  readonly mayBegin: (() => boolean) | undefined;
  /** Called once: at the end of the answer, or with an `UpstreamFailure`, `ClientGone` or `Refusal`. */
  readonly settled: (failure?: Error) => void;
}

/** Most answers are there by then. */
const DOUBT_AFTER_MS = 400;
const DOUBT_AGAIN_MS = 500;

const FAILURES = {
  answer: () => new UpstreamFailure('timeout'),
  more: () => new UpstreamFailure('broken'),
  client: () => new ClientGone('The client has stopped reading.'),
};

/** Passes one answer on while it comes in, at the pace at which it is taken. */
export class Relay implements AnswerTaker, Waiter {
  deadlineAt: number;
  doubtAt: number;
  place = 0;
  isDismissed = false;
  readonly #sink: AnswerSink;
  #waitsFor: keyof typeof FAILURES = 'answer';
  #isSending = false;
  #connection: UpstreamConnection | undefined;
  #isOver = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly options: RelayOptions,
  ) {
    this.#sink = exchange.sink;
    this.deadlineAt = options.now + options.timeoutMs;
    this.doubtAt = options.doubted ? options.now + DOUBT_AFTER_MS : Number.POSITIVE_INFINITY;
    options.deadlines.watch(this);
    exchange.relay = this;
  }

  send(pool: ConnectionPool, fresh: boolean): void {
    pool.acquire((connection, error) => {
      if (!connection) return this.#fail(new UpstreamFailure('unreachable', error));
      if (this.#isOver) return connection.abandon();
      this.#connection = connection;
      const { method, text } = this.options;
      const { body } = this.exchange;
      if (body && body.length <= SMALL) return connection.start(method, text + body.toString('latin1'), this);
      connection.start(method, text, this);
      if (body) connection.socket.write(body);
      else if (this.exchange.streamsBody) this.#passBody(connection);
    }, fresh);
  }

  /** Ends an endless answer, so that the client comes back, if it may. */
  cut(): void {
    if (this.#isOver) return;
    if (this.#waitsFor === 'answer') return this.#fail(unavailable('The stream has ended before it began.'));
    this.#over();
    this.#connection?.abandon();
    this.#sink.end();
    this.options.settled();
  }

  /** Cuts it as soon as it has begun. */
  dismiss(): void {
    this.isDismissed = true;
    if (this.#waitsFor !== 'answer') this.cut();
  }

  /** Somebody else answers: nothing of this is wanted any more, and nothing more is told. */
  drop(): void {
    if (this.#isOver) return;
    this.#over();
    this.#connection?.abandon();
  }

  clientLeft(): void {
    this.#fail(new ClientGone('The client went away before it had its answer.'));
  }

  expire(): void {
    this.#fail(FAILURES[this.#waitsFor]());
  }

  doubt(): void {
    this.doubtAt = this.#waitsFor === 'answer' ? performance.now() + DOUBT_AGAIN_MS : Number.POSITIVE_INFINITY;
    if (this.#waitsFor === 'answer') this.options.doubted?.();
  }

  silent(origin: string, silence: Silence): void {
    if (origin !== this.options.origin) return;
    const { isMovable, isEndless, doubted } = this.options;
    const moves = silence === 'doubt' ? doubted !== undefined : isMovable;
    if (this.#waitsFor === 'answer' && moves) this.#fail(new UpstreamFailure('silent'));
    else if (this.#waitsFor === 'answer' && silence === 'loss') this.expire();
    else if (this.#waitsFor === 'more' && isEndless && silence !== 'doubt') this.cut();
  }

  interim(head: AnswerHead): void {
    if (head.status > 101 && !this.#isOver && this.options.mayBegin?.() !== false)
      this.#sink.interim(head.status, outwardHeaders(head, this.options.origin));
  }

  begin(head: AnswerHead): boolean {
    const { status, headers } = head;
    const { sealsErrors, origin } = this.options;
    // A crash page of a service may tell what is inside: errors pass only in the form that was agreed.
    if (sealsErrors && status >= 500 && !headers.get('content-type')?.startsWith('application/problem+json')) {
      this.#fail(new UpstreamFailure('broken'));
      return false;
    }
    if (this.options.mayBegin?.() === false) {
      this.drop();
      return false;
    }
    this.#waitsFor = 'more';
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#sink.begin(status, outwardHeaders(head, origin));
    if (this.isDismissed) this.cut();
    return !this.#isOver;
  }

  content(bytes: Buffer): boolean {
    if (this.#isOver || this.#sink.write(bytes)) return true;
    this.#waitForTaker();
    return false;
  }

  pause(): void {
    this.#sink.flush();
    const { pauseMs } = this.options;
    if (this.#waitsFor === 'more' && pauseMs > 0 && !this.#isSending) this.deadlineAt = performance.now() + pauseMs;
  }

  end(): void {
    if (this.#isOver) return;
    this.#over();
    this.#sink.end();
    this.options.settled();
  }

  upgraded(head: AnswerHead, socket: Socket, first: Buffer): void {
    if (this.#isOver) return void socket.destroy();
    this.#over();
    const { tunnel } = this.exchange;
    if (tunnel) {
      tunnel.open(head, socket, first);
      return this.options.settled();
    }
    socket.destroy();
    this.options.settled(new UpstreamFailure('broken'));
  }

  fail(error: Error, isAnswer: boolean): void {
    this.#connection = undefined;
    this.#fail(new UpstreamFailure(isAnswer ? 'broken' : 'reset', error));
  }

  #passBody(connection: UpstreamConnection): void {
    const { request, bodyLimit } = this.exchange;
    const chunked = request.length === undefined;
    let left = bodyLimit;
    connection.sending();
    this.#isSending = true;
    // How fast a body comes is watched where it comes from; here, that the service takes it.
    this.#awaitAnswer(Number.POSITIVE_INFINITY);
    request.take({
      content: (bytes) => {
        left -= bytes.length;
        if (left < 0) {
          this.#fail(this.exchange.tooLarge());
          return true;
        }
        const { socket } = connection;
        if (chunked) socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
        socket.write(Buffer.from(bytes));
        if (chunked) socket.write('\r\n', 'latin1');
        if (!socket.writableNeedDrain) return true;
        this.#awaitAnswer(this.options.timeoutMs);
        socket.once('drain', () => {
          this.#awaitAnswer(Number.POSITIVE_INFINITY);
          request.resume();
        });
        return false;
      },
      end: () => {
        this.#isSending = false;
        this.#awaitAnswer(this.options.timeoutMs);
        if (chunked) connection.socket.write('0\r\n\r\n', 'latin1');
        connection.sent();
      },
      fail: (error) => this.#fail(error),
    });
  }

  #awaitAnswer(patienceMs: number): void {
    if (this.#waitsFor === 'answer') this.deadlineAt = performance.now() + patienceMs;
  }

  #waitForTaker(): void {
    if (this.#waitsFor === 'client') return;
    this.#waitsFor = 'client';
    this.deadlineAt = performance.now() + STALLED_MS;
    this.#sink.whenDrained(() => {
      this.#waitsFor = 'more';
      this.deadlineAt = Number.POSITIVE_INFINITY;
      this.#connection?.resume();
    });
  }

  #fail(failure: Error): void {
    if (this.#isOver) return;
    this.#over();
    this.#connection?.abandon();
    this.options.settled(failure);
  }

  #over(): void {
    this.#isOver = true;
    this.options.deadlines.forget(this);
    if (this.exchange.relay === this) this.exchange.relay = undefined;
  }
}

const SMALL = 16 << 10;
