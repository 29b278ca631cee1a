import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HEAD = 12;
const ANSWER = 0x8180;
const NO_SUCH_NAME = 0x8183;
const TYPE_A = 1;

/** Tells the addresses of names, as the DNS of a platform does (RFC 1035): enough for who asks for one at a time. */
export class NameServer {
  private constructor(
    private readonly socket: Socket,
    private readonly names: Readonly<Record<string, readonly string[]>>,
  ) {
    socket.on('message', (question, from) => socket.send(this.#answer(question), from.port, from.address));
  }

  static async start(names: Readonly<Record<string, readonly string[]>>): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket, names);
  }

  get port(): number {
    return this.socket.address().port;
  }

  close(): void {
    this.socket.close();
  }

  #answer(question: Buffer): Buffer {
    const { name, end } = nameIn(question);
    const isKnown = name in this.names;
    const type = question.readUInt16BE(end);
    const addresses = type === TYPE_A ? (this.names[name] ?? []) : [];
    const head = Buffer.alloc(HEAD);
    for (const [at, value] of [
      question.readUInt16BE(0),
      isKnown ? ANSWER : NO_SUCH_NAME,
      1,
      addresses.length,
    ].entries())
      head.writeUInt16BE(value, at * 2);
    return Buffer.concat([head, question.subarray(HEAD, end + 4), ...addresses.map(record)]);
  }
}

function nameIn(question: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEAD;
  for (let length = question[at]!; length > 0; length = question[at]!) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

/** The name that was asked for, its kind and class, good for a second, and the four bytes of the address. */
const record = (address: string): Buffer =>
  Buffer.from([0xc0, HEAD, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]);
