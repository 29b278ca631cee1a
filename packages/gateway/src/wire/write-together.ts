import type { Socket } from 'node:net';

/** Content up to this size goes to the socket together with its head. */
export const SMALL = 16 << 10;
const LONGEST_HEAD = 4 << 10;
const freshBuffer = (): Buffer => Buffer.allocUnsafeSlow(LONGEST_HEAD + SMALL);

let both = freshBuffer();

/**
 * Writes a head and small content in one call. All such writes use one buffer: to make a string of both cost as much
 * as to read the answer. The system has taken the bytes when `write` returns; where it has not, for the client is slow,
 * the buffer is left to that write, and what comes next for this client waits as a string.
 */
export function writeTogether(socket: Socket, head: string, content: Buffer): boolean {
  if (socket.writableLength > 0 || head.length > LONGEST_HEAD || 'encrypted' in socket) {
    return socket.write(head + content.toString('latin1'), 'latin1');
  }
  both.write(head, 0, 'latin1');
  both.set(content, head.length);
  const goesOn = socket.write(both.subarray(0, head.length + content.length));
  if (socket.writableLength > 0) both = freshBuffer();
  return goesOn;
}
