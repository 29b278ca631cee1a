import type { Socket } from 'node:net';

/**
 * Where all sockets read to: what is there counts until its reader returns. A buffer for each read cost as much as the
 * parsing of what is in it.
 */
export const readBuffer: Buffer = Buffer.allocUnsafeSlow(64 << 10);

type Callback = (count: number) => boolean;
const isSecure = (socket: Socket): boolean => 'encrypted' in socket;
type Internals = { [symbol: symbol]: unknown; readonly _handle?: { useUserBuffer?(buffer: Buffer): void } };

/**
 * Makes an accepted socket read like one that was opened with `onread`, which Node offers to those that connect only.
 * Answers false, and changes nothing, where Node has become another one inside: then it reads as all sockets do.
 */
export function readsIntoBuffer(socket: Socket, callback: Callback): boolean {
  const internals = socket as unknown as Internals;
  const named = (name: string) => Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
  const [buffer, onBuffer] = [named('kBuffer'), named('kBufferCb')];
  const handle = internals._handle;
  if (isSecure(socket) || !buffer || !onBuffer || typeof handle?.useUserBuffer !== 'function') return false;
  internals[buffer] = readBuffer;
  internals[onBuffer] = callback;
  handle.useUserBuffer(readBuffer);
  return true;
}
