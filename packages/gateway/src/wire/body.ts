import { tooLarge } from '../refusal.ts';
import type { ClientRequest } from './client-request.ts';

/** Reads a whole body, and stops at the first byte too many. */
export function readBody(request: ClientRequest, limitBytes: number): Promise<Buffer> {
  if ((request.length ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.take({
      content(bytes) {
        size += bytes.length;
        if (size <= limitBytes) chunks.push(Buffer.from(bytes));
        else reject(tooLarge(limitBytes));
        return size <= limitBytes;
      },
      end: () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)),
      fail: reject,
    });
  });
}
