import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { BodyPace, type Pace } from './body-pace.ts';
import { type BodyReader, bodyReader } from './body-reader.ts';
import { type BodySource, ClientRequest } from './client-request.ts';
import { ClientResponse, type ResponseOwner } from './client-response.ts';
import { isPersistent, requestFraming } from './framing.ts';
import { type RequestHead, readRequestHead } from './head-reader.ts';
import { readBuffer, readsIntoBuffer } from './read-buffer.ts';
import { WireFault } from './wire-fault.ts';

/** How long clients may take. */
export interface Patience extends Pace {
  readonly headersMs: number;
  readonly keepAliveMs: number;
  /** How long they may take nothing of an answer that is whole; 30 s when not told. */
  readonly stalledMs?: number;
}

/** The server, as a connection needs it. */
export interface ConnectionOwner {
  readonly patience: Patience;
  readonly isDraining: boolean;
  take(request: ClientRequest, response: ClientResponse, connection: ClientConnection): void;
  /** The text of the answer to bytes that are no request. */
  refusalOf(fault: WireFault): string;
  left(connection: ClientConnection): void;
}

/** The client has gone before all was said. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

const MAX_HEAD_BYTES = 16 << 10;
/** What a client may send ahead before its connection is not read any more. */
const MAX_AHEAD_BYTES = 64 << 10;
/** What a client may leave untaken of its answers before its next request is read. */
const MAX_UNTAKEN_BYTES = 256 << 10;
/** How long it may take nothing of them. */
const STALLED_MS = 30_000;
const LINGER_MS = 1_000;
const LINGER_BYTES = 16 << 20;
const CR = 13;
const LF = 10;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * One client's connection: reads request after request, and the next one only when the answer to the one before is
 * whole. `idle` between requests, `head` in the middle of one's head, `busy` from there to the end of its answer,
 * `full` while too much of it is not taken, `over` when nothing is read any more.
 */
export class ClientConnection implements BodySource, ResponseOwner {
  /** When its patience with the client ends, on the machine's own clock. */
  deadlineAt: number;
  #phase: 'idle' | 'head' | 'busy' | 'full' | 'over' = 'idle';
  #unread: Buffer = NOTHING;
  #request: ClientRequest | undefined;
  #response: ClientResponse | undefined;
  #body: BodyReader | undefined;
  #pace: BodyPace | undefined;
  #isReading = false;
  #isPumping = false;
  #isFresh = true;
  #isReleased = false;
  #lingerBytes = LINGER_BYTES;
  readonly #drop = (): void => void this.socket.destroy();

  constructor(
    readonly socket: Socket,
    private readonly owner: ConnectionOwner,
  ) {
    this.deadlineAt = performance.now() + owner.patience.headersMs;
    socket.setNoDelay(true);
    if (!readsIntoBuffer(socket, (count) => this.#arrived(readBuffer.subarray(0, count)))) {
      socket.on('data', (bytes) => this.#arrived(bytes));
    }
    socket.on('error', this.#drop);
    socket.on('close', () => this.#closed());
  }

  get isEnding(): boolean {
    return this.owner.isDraining;
  }

  /** The client has taken too long: a request that has begun is told so. */
  expire(): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    if (this.#phase === 'head') return this.#refuse(tooSlow());
    if (this.#phase === 'busy') this.#request?.fail(tooSlow());
    else if (this.socket.writableLength > 0) this.#waitForTaker();
    else this.socket.destroy();
  }

  readBody(): void {
    this.#isReading = true;
    const now = performance.now();
    this.#pace ??= new BodyPace(this.owner.patience, now);
    this.deadlineAt = this.#pace.resume(now);
    this.#pump();
  }

  answered(atMs: number): void {
    const request = this.#request;
    if (!request) return;
    if (this.#response?.isLast) return this.#hangUp();
    if (request.complete) return this.#nextRequest(atMs);
    // The rest of a small body is thrown away; it was told that a connection with a large one ends.
    request.take({ content: () => true, end: () => this.#nextRequest(performance.now()), fail: this.#drop });
  }

  /** Hands the connection over to whoever speaks another protocol on it; answers what was read already. */
  release(): Buffer {
    this.#phase = 'over';
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#request = undefined;
    const unread = Buffer.from(this.#unread);
    this.#unread = NOTHING;
    this.#isReleased = true;
    this.socket.removeAllListeners('data');
    return unread;
  }

  /** The gateway is leaving. Whoever has taken the connection over ends it. */
  leave(): void {
    if (!this.#isReleased) this.socket.destroySoon();
  }

  /** Ends when the client has taken what is there. */
  endSoon(): void {
    this.#endIfStalled();
    this.socket.destroySoon();
  }

  /** Takes in what has come, which counts until this returns. Answers whether more can be taken. */
  #arrived(bytes: Buffer): boolean {
    if (this.#isReleased) return this.socket.push(Buffer.from(bytes));
    if (this.#phase === 'over') return this.#swallow(bytes);
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    this.#pump();
    if (this.#unread.length > 0) this.#unread = Buffer.from(this.#unread);
    return true;
  }

  #swallow(bytes: Buffer): boolean {
    this.#lingerBytes -= bytes.length;
    if (this.#lingerBytes < 0) this.socket.destroy();
    return true;
  }

  /** Not reentrant: what becomes possible meanwhile is done in the next round. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#step());
    this.#isPumping = false;
    if (this.#phase === 'over') return;
    if (this.#unread.length > MAX_AHEAD_BYTES) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  /** Whether something was done. */
  #step(): boolean {
    if (this.#phase === 'over' || this.#phase === 'full') return false;
    if (this.#phase !== 'busy') return this.#unread.length > 0 && this.#readHead();
    return this.#isReading && this.#unread.length > 0 && this.#readContent();
  }

  #readHead(): boolean {
    const isNew = this.#phase === 'idle';
    this.#phase = 'head';
    try {
      const head = this.#takeHead();
      if (head) this.#begin(head);
      else if (isNew && !this.#isFresh) this.deadlineAt = performance.now() + this.owner.patience.headersMs;
      return head !== undefined;
    } catch (error) {
      this.#refuse(error);
      return false;
    }
  }

  #takeHead(): RequestHead | undefined {
    const unread = this.#unread;
    // One empty line before a request is a habit of old clients (RFC 9112, section 2.2).
    const start = unread[0] === CR && (unread.length === 1 || unread[1] === LF) ? 2 : 0;
    const head = unread.length > start ? readRequestHead(unread, start) : undefined;
    if ((head?.end ?? unread.length) - start > MAX_HEAD_BYTES) throw headTooLarge();
    if (head) this.#unread = head.end === unread.length ? NOTHING : unread.subarray(head.end);
    return head;
  }

  #begin(head: RequestHead): void {
    const framing = requestFraming(head);
    const keepsAlive = isPersistent(head.headers, head.minor);
    const request = new ClientRequest(head, framing, this);
    const response = new ClientResponse(this, { method: head.method, minor: head.minor, keepsAlive });
    this.#phase = 'busy';
    this.#isFresh = false;
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#request = request;
    this.#response = response;
    this.#body = request.hasBody ? bodyReader(framing) : undefined;
    this.#pace = undefined;
    this.#isReading = false;
    this.owner.take(request, response, this);
  }

  #readContent(): boolean {
    const [request, body] = [this.#request!, this.#body];
    if (!body || request.complete) return false;
    const bytes = this.#unread;
    this.#unread = NOTHING;
    try {
      const end = body.read(bytes, 0, (content) => {
        if (request.sink?.content(content) === false) this.#isReading = false;
      });
      if (end < bytes.length) this.#unread = bytes.subarray(end);
      this.#keepPace(end);
    } catch (error) {
      request.fail(error as Error);
      return false;
    }
    if (body.isDone) {
      request.complete = true;
      this.deadlineAt = Number.POSITIVE_INFINITY;
      request.sink?.end();
    }
    return true;
  }

  #keepPace(bytes: number): void {
    this.deadlineAt = this.#pace!.received(bytes, { now: performance.now(), isReadOn: this.#isReading });
  }

  #nextRequest(nowMs: number): void {
    this.#request = undefined;
    this.#response = undefined;
    this.#phase = 'idle';
    if (this.owner.isDraining) return this.#hangUp();
    if (this.socket.writableLength > MAX_UNTAKEN_BYTES) return this.#waitForTaker();
    this.deadlineAt = nowMs + this.owner.patience.keepAliveMs;
    if (this.#unread.length > 0) this.#pump();
  }

  /** Answers to requests sent ahead would pile up here: whoever takes none is not read either. */
  #waitForTaker(): void {
    this.#phase = 'full';
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#endIfStalled();
    this.socket.once('drain', () => {
      if (this.#phase !== 'full') return;
      this.socket.setTimeout(0, this.#drop);
      this.#nextRequest(performance.now());
    });
  }

  /** Unlike a deadline of ours, the one of a socket begins anew with each part that is taken. */
  #endIfStalled(): void {
    this.socket.setTimeout(this.owner.patience.stalledMs ?? STALLED_MS, this.#drop);
  }

  #refuse(error: unknown): void {
    const fault = error instanceof WireFault ? error : new WireFault(400, 'malformed_request', 'That is no request.');
    this.socket.write(this.owner.refusalOf(fault), 'latin1');
    this.#hangUp();
  }

  /**
   * Ends our side, and swallows for a moment what the client still sends: closing at once would reset the connection,
   * and the reset would overtake the answer.
   */
  #hangUp(): void {
    this.#phase = 'over';
    const sendsMore = this.#request?.complete !== true || this.#unread.length > 0;
    this.#unread = NOTHING;
    if (!sendsMore) return this.endSoon();
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.end();
    this.socket.resume();
  }

  #closed(): void {
    this.#phase = 'over';
    const gone = new ClientGone('The client went away.');
    if (this.#request?.complete === false) this.#request.fail(gone);
    this.#response?.gone();
    this.owner.left(this);
  }
}

const headTooLarge = (): WireFault =>
  new WireFault(431, 'headers_too_large', `The headers have more than ${MAX_HEAD_BYTES >> 10} KiB.`);

const tooSlow = (): WireFault => new WireFault(408, 'request_timeout', 'The request took too long to arrive.');
