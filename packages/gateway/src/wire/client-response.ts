import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { AnswerSink } from './answer-sink.ts';
import type { HeaderList } from './header-list.ts';
import { SMALL, writeTogether } from './write-together.ts';

/** The connection, as an answer needs it. */
export interface ResponseOwner {
  readonly socket: Socket;
  /** No further request is welcome on the connection. */
  readonly isEnding: boolean;
  /** The answer is whole: the next request can be read. */
  answered(atMs: number): void;
}

type Framed = 'length' | 'chunks' | 'close' | 'none';

const NOBODY: never[] = [];

/** The answer to one request on its way to the wire. */
export class ClientResponse implements AnswerSink {
  status = 0;
  /** The connection ends with this answer. */
  isLast = false;
  /** The whole answer has been handed to the connection. */
  isFinished = false;
  /** The connection has gone. */
  isGone = false;
  /** How much content was sent. */
  bytes = 0;
  #framed: Framed = 'none';
  #head = '';
  #onDone: ((atMs: number) => void)[] = [];

  constructor(
    private readonly owner: ResponseOwner,
    private readonly request: { readonly method: string; readonly minor: number; readonly keepsAlive: boolean },
  ) {}

  get hasBegun(): boolean {
    return this.status !== 0;
  }

  interim(status: number, headers: HeaderList): void {
    if (this.hasBegun || this.isGone || this.request.minor === 0) return;
    this.owner.socket.write(`${statusLine(status)}${headers.lines()}\r\n`, 'latin1');
  }

  begin(status: number, headers: HeaderList): void {
    this.status = status;
    const { method, minor, keepsAlive } = this.request;
    let head = statusLine(status) + headers.lines();
    if (!headers.has('date')) head += dateLine();
    if (method === 'HEAD' || status === 204 || status === 304) this.#framed = 'none';
    else if (headers.has('content-length')) this.#framed = 'length';
    else if (minor > 0) {
      this.#framed = 'chunks';
      head += 'transfer-encoding: chunked\r\n';
    } else this.#framed = 'close';
    if (this.#framed === 'close' || !keepsAlive) this.isLast = true;
    this.#head = `${head}${this.#connectionLine()}\r\n`;
  }

  #connectionLine(): string {
    if (this.owner.isEnding) this.isLast = true;
    if (this.isLast) return 'connection: close\r\n';
    return this.request.minor === 0 ? 'connection: keep-alive\r\n' : '';
  }

  /** A whole answer to a GET, of which the lines tell the date and the length; its content is small. */
  sendWhole(status: number, lines: string, content: Buffer): void {
    this.status = status;
    this.bytes = content.length;
    this.isFinished = true;
    if (!this.request.keepsAlive) this.isLast = true;
    if (!this.isGone) {
      writeTogether(this.owner.socket, `${statusLine(status)}${lines}${this.#connectionLine()}\r\n`, content);
    }
    this.owner.answered(this.#done());
  }

  write(content: Buffer): boolean {
    if (this.isGone || content.length === 0 || this.#framed === 'none') return true;
    this.bytes += content.length;
    const { socket } = this.owner;
    const [before, after] = this.#framed === 'chunks' ? [`${content.length.toString(16)}\r\n`, '\r\n'] : ['', ''];
    const head = this.#takeHead() + before;
    if (content.length <= SMALL) {
      if (after === '') return writeTogether(socket, head, content);
      return socket.write(head + content.toString('latin1') + after, 'latin1');
    }
    if (head !== '') socket.write(head, 'latin1');
    const goesOn = socket.write(Buffer.from(content));
    return after === '' ? goesOn : socket.write(after, 'latin1');
  }

  end(): void {
    if (this.isFinished || this.isGone) return;
    this.isFinished = true;
    const rest = this.#takeHead() + (this.#framed === 'chunks' ? '0\r\n\r\n' : '');
    if (rest !== '') this.owner.socket.write(rest, 'latin1');
    this.owner.answered(this.#done());
  }

  /** The connection speaks another protocol from now on. */
  switchProtocols(headers: HeaderList): void {
    this.status = 101;
    this.isFinished = true;
    this.owner.socket.write(`${statusLine(101)}${headers.lines()}\r\n`, 'latin1');
    this.#done();
  }

  /** Without a length the end of the connection is the end of the answer: a reset tells that it is none. */
  abort(): void {
    const { socket } = this.owner;
    if (this.#framed === 'close' && !('encrypted' in socket)) socket.resetAndDestroy();
    else socket.destroy();
  }

  flush(): void {
    const head = this.#takeHead();
    if (head !== '' && !this.isGone) this.owner.socket.write(head, 'latin1');
  }

  whenDrained(resume: () => void): void {
    if (this.isGone) return;
    this.owner.socket.once('drain', resume);
  }

  /** Called once: when the answer is whole, or its client gone; with that moment on the machine's own clock. */
  onceDone(callback: (atMs: number) => void): void {
    this.#onDone.push(callback);
  }

  /** The connection is gone. */
  gone(): void {
    if (this.isFinished || this.isGone) return;
    this.isGone = true;
    this.#done();
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = '';
    return head;
  }

  #done(): number {
    const atMs = performance.now();
    const callbacks = this.#onDone;
    this.#onDone = NOBODY;
    for (const callback of callbacks) callback(atMs);
    return atMs;
  }
}

const LINES = new Map<number, string>();

function statusLine(status: number): string {
  const known = LINES.get(status);
  if (known !== undefined) return known;
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
  LINES.set(status, line);
  return line;
}

let toldAt = 0;
let told = '';

/** The date in whole seconds is made once a second (RFC 9110, section 6.6.1). */
function dateLine(): string {
  const second = Math.floor(performance.now() / 1000);
  if (second !== toldAt || told === '') {
    toldAt = second;
    told = `date: ${new Date().toUTCString()}\r\n`;
  }
  return told;
}
