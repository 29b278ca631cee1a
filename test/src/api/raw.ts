import { connect } from 'node:net';
import type { Problem } from '@ashlar/cli';

export interface RawAnswer {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}

const PATIENCE_MS = 60_000;

/** Sends bytes as they are, which no decent client would, and reads one answer; status 0 when it was just hung up. */
export function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const socket = connect(Number(port), hostname, () => socket.write(bytes));
  const received: Buffer[] = [];
  const done = () => {
    socket.destroy();
    resolve(answerIn(Buffer.concat(received).toString('utf8')));
  };
  socket.setTimeout(PATIENCE_MS, () => {
    socket.destroy();
    reject(new Error(`No answer to ${String(bytes).slice(0, 200)}`));
  });
  socket.on('data', (chunk) => {
    received.push(chunk);
    if (isWhole(Buffer.concat(received).toString('latin1'))) done();
  });
  socket.on('end', done);
  socket.on('error', done);
  return promise;
}

function isWhole(text: string): boolean {
  const [head = '', body] = split(text);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return body !== undefined && length !== undefined && body.length >= Number(length);
}

function answerIn(text: string): RawAnswer {
  const [head = '', body = ''] = split(text);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const isJson = body.startsWith('{');
  return {
    status,
    code: isJson ? (JSON.parse(body.slice(0, body.lastIndexOf('}') + 1)) as Problem).code : undefined,
    text,
  };
}

function split(text: string): string[] {
  const at = text.indexOf('\r\n\r\n');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 4)];
}
