import { STATUS_CODES } from 'node:http';
import type { Ids } from '@ashlar/domain';
import { PROBLEM_HEADERS } from '@ashlar/http';
import { nextSpan } from '@ashlar/telemetry';
import { problemText, Refusal } from '../refusal.ts';
import type { WireFault } from './wire-fault.ts';

export const asRefusal = ({ status, code, message }: WireFault): Refusal =>
  new Refusal(status, code, { detail: message });

/** The answer to bytes that never became a request, in the same form as every other error. */
export function rawAnswer(fault: WireFault, ids: Ids): string {
  const body = problemText(asRefusal(fault), { instance: '', traceId: nextSpan().traceId });
  return [
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}`,
    'connection: close',
    ...Object.entries(PROBLEM_HEADERS).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${ids.next()}`,
    '',
    body,
  ].join('\r\n');
}
