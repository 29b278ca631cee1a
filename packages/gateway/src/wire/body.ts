import type { IncomingMessage } from 'node:http';
import { tooLarge } from '../refusal.ts';

/** Tells that the client has gone: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Reads a whole body, and stops at the first byte too many. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settled = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      // Somebody has to listen: what breaks later must not end the process.
      request.on('error', () => {});
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limitBytes) return void chunks.push(chunk);
      settled();
      reject(tooLarge(limitBytes));
    };
    const onEnd = (): void => {
      settled();
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    };
    const onClose = (): void => {
      settled();
      reject(new ClientGone('The client went away in the middle of its request.'));
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

const LINGER_MS = 1_000;
const LINGER_BYTES = 16 << 20;

/**
 * Swallows what a refused client is still sending, within limits. Closing at once would reset the connection, and the
 * reset would overtake the refusal.
 */
export function linger(request: IncomingMessage, done: () => void): void {
  let left = LINGER_BYTES;
  const finish = (): void => {
    clearTimeout(timer);
    request.off('data', onData).off('end', finish).off('close', finish);
    done();
  };
  const onData = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) finish();
  };
  const timer = setTimeout(finish, LINGER_MS).unref();
  request.on('error', () => {});
  request.on('data', onData).on('end', finish).on('close', finish);
}
