import { STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Ids } from '@ashlar/domain';
import { PROBLEM_HEADERS } from '@ashlar/http';
import { nextSpan } from '@ashlar/telemetry';
import { badRequest, problemText, Refusal } from '../refusal.ts';

/** What Node's HTTP parser says of bytes that are no request. */
export interface WireError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

const DRAIN_MS = 500;

/** Answers a client whose bytes never became a request, in the same form as every other error, and hangs up. */
export function answerWireError(error: WireError, socket: Duplex, ids: Ids): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  if (isAnswering(socket)) return void hangUp(socket);
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(refusalFor(error), ids));
  // What the client is still sending is thrown away for a moment: closing at once would reset the answer.
  socket.removeAllListeners('data');
  // A listener of our own takes the connection away from Node's parser, which would complain about each further packet.
  socket.on('data', () => {});
  const timer = setTimeout(() => socket.destroy(), DRAIN_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** An answer that has begun on this connection cannot be followed by another one. */
const isAnswering = (socket: Duplex & { _httpMessage?: { headersSent?: boolean } | null }): boolean =>
  socket._httpMessage?.headersSent === true;

/** Lets out what has been written. */
const hangUp = (socket: Duplex) => (socket instanceof Socket ? socket.destroySoon() : socket.destroy());

function refusalFor({ code, rawPacket }: WireError): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return isInRequestLine(rawPacket)
        ? new Refusal(414, 'uri_too_long', { detail: 'The address is too long.' })
        : new Refusal(431, 'headers_too_large', { detail: 'The headers have more than 16 KiB.' });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Refusal(413, 'payload_too_large', { detail: 'The chunk extensions are too large.' });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(408, 'request_timeout', { detail: 'The request took too long to arrive.' });
    default:
      return badRequest('That is not an HTTP request.');
  }
}

const REQUEST_LINE = /^[A-Z]+ \S{8192}/;

const isInRequestLine = (packet: Buffer | undefined): boolean =>
  packet !== undefined && REQUEST_LINE.test(packet.toString('latin1', 0, 8300));

function rawAnswer(refusal: Refusal, ids: Ids): string {
  const body = problemText(refusal, { instance: '', traceId: nextSpan().traceId });
  return [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'connection: close',
    ...Object.entries(PROBLEM_HEADERS).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${ids.next()}`,
    '',
    body,
  ].join('\r\n');
}
