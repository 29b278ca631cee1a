import type { Socket } from 'node:net';
import { type BodyReader, bodyReader } from '../wire/body-reader.ts';
import { answerFraming, isPersistent } from '../wire/framing.ts';
import { type AnswerHead, readAnswerHead } from '../wire/head-reader.ts';
import { WireFault } from '../wire/wire-fault.ts';

/** What takes an answer in. One of `end`, `fail` and `upgraded` comes last. */
export interface AnswerTaker {
  interim(head: AnswerHead): void;
  /** Answers false when the answer is not wanted: the connection is given up, and nothing more is told. */
  begin(head: AnswerHead): boolean;
  /** Answers false when it is enough for now: go on with `connection.resume()`. The bytes count until it returns. */
  content(bytes: Buffer): boolean;
  /** Everything that came in one packet has been handed on. */
  pause(): void;
  end(): void;
  upgraded(head: AnswerHead, socket: Socket, first: Buffer): void;
  /** `isAnswer`: an answer had begun, or something that is none. */
  fail(error: Error, isAnswer: boolean): void;
}

export interface ConnectionUse {
  /** The connection can take the next request, and may be kept idle for so long. */
  released(connection: UpstreamConnection, idleMs: number): void;
  closed(connection: UpstreamConnection): void;
}

/** Of one answer, with all that announce it: these are passed on however slow their client is. */
const MAX_HEAD_BYTES = 64 << 10;
const NOTHING: Buffer = Buffer.alloc(0);

/** A kept connection to a replica. One request at a time: its answer is whole before the next one is sent. */
export class UpstreamConnection {
  /** When it is closed for idleness, on the machine's own clock. */
  idleUntil = Number.POSITIVE_INFINITY;
  /** It has answered before: that it breaks at the next request may only mean that the replica had closed it. */
  isUsed = false;
  #taker: AnswerTaker | undefined;
  #method = 'GET';
  #unread: Buffer = NOTHING;
  #head: AnswerHead | undefined;
  #body: BodyReader | undefined;
  #isSent = true;
  #headBytes = 0;

  constructor(
    readonly socket: Socket,
    private readonly use: ConnectionUse,
  ) {
    socket.on('error', (error) => this.#broke(error));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#broke(new Error('The connection was closed.')));
  }

  /** Sends a request's head, with its content where there is one already. */
  start(method: string, text: string, taker: AnswerTaker): void {
    this.#taker = taker;
    this.#method = method;
    this.#head = undefined;
    this.#body = undefined;
    this.#isSent = true;
    this.#headBytes = 0;
    this.socket.write(text, 'latin1');
  }

  /** The content comes piece by piece: until `sent` the connection cannot be used again. */
  sending(): void {
    this.#isSent = false;
  }

  sent(): void {
    this.#isSent = true;
  }

  resume(): void {
    this.socket.resume();
  }

  /** Gives it up in the middle: what comes now is nobody's. */
  abandon(): void {
    this.#taker = undefined;
    this.socket.destroy();
  }

  /** Takes in what has come, which counts until this returns. */
  arrived(bytes: Buffer): void {
    if (!this.#taker) return this.abandon();
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    try {
      while (this.#taker && this.#step());
    } catch (error) {
      this.#give((taker) => taker.fail(error as Error, true));
      this.socket.destroy();
    }
    if (this.#unread.length > 0) this.#unread = Buffer.from(this.#unread);
    this.#taker?.pause();
  }

  #step(): boolean {
    if (!this.#head) return this.#readHead();
    const body = this.#body!;
    if (body.isDone) return this.#finish();
    if (this.#unread.length === 0) return false;
    const bytes = this.#unread;
    this.#unread = NOTHING;
    const end = body.read(bytes, 0, (content) => {
      if (this.#taker?.content(content) === false) this.socket.pause();
    });
    if (end < bytes.length) this.#unread = bytes.subarray(end);
    return true;
  }

  #readHead(): boolean {
    if (this.#unread.length === 0) return false;
    const head = readAnswerHead(this.#unread);
    if (this.#headBytes + (head?.end ?? this.#unread.length) > MAX_HEAD_BYTES) {
      throw new WireFault(502, 'upstream_failed', 'That is no answer.');
    }
    if (!head) return false;
    this.#headBytes += head.end;
    this.#unread = this.#unread.subarray(head.end);
    if (head.status === 101) return this.#upgrade(head);
    if (head.status < 200) this.#taker!.interim(head);
    else this.#begin(head);
    return this.#taker !== undefined;
  }

  #begin(head: AnswerHead): void {
    this.#head = head;
    this.#body = bodyReader(answerFraming(head, this.#method));
    if (this.#taker!.begin(head)) return;
    this.abandon();
  }

  #upgrade(head: AnswerHead): boolean {
    const first = Buffer.from(this.#unread);
    this.#unread = NOTHING;
    this.socket.removeAllListeners('data').removeAllListeners('end');
    this.#give((taker) => taker.upgraded(head, this.socket, first));
    return false;
  }

  #finish(): boolean {
    const head = this.#head!;
    const isReusable = this.#unread.length === 0 && this.#isSent && isPersistent(head.headers, head.minor);
    this.#head = undefined;
    this.#body = undefined;
    this.isUsed = true;
    const taker = this.#taker!;
    this.#taker = undefined;
    // Free before the answer ends, so that what follows at once finds it.
    if (isReusable) {
      // A client that is slow, or has left, may never let it go on: the next answer would be read by nobody.
      if (this.socket.isPaused()) this.socket.resume();
      this.use.released(this, idleMs(head));
    } else this.socket.destroy();
    taker.end();
    return false;
  }

  /** An answer without a length ends with its connection. */
  #ended(): void {
    if (this.#taker && this.#head && this.#body?.bytesLeft === Number.POSITIVE_INFINITY && isUntilClose(this.#head)) {
      this.#give((taker) => taker.end());
    }
    this.socket.destroy();
  }

  #broke(error: Error): void {
    const isAnswer = this.#head !== undefined || this.#unread.length > 0;
    this.#give((taker) => taker.fail(error, isAnswer));
    this.use.closed(this);
  }

  #give(call: (taker: AnswerTaker) => void): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker) call(taker);
  }
}

const isUntilClose = ({ headers }: AnswerHead): boolean =>
  !headers.has('transfer-encoding') && !headers.has('content-length');

const IDLE_MS = 4_000;
const KEEP_ALIVE = /timeout=(\d{1,5})/;

/** A second before the replica closes it, so that no request meets a connection that is just being closed. */
function idleMs({ headers }: AnswerHead): number {
  const told = KEEP_ALIVE.exec(headers.get('keep-alive') ?? '')?.[1];
  return told === undefined ? IDLE_MS : Math.min(60_000, Math.max(0, Number(told) * 1_000 - 1_000));
}
