import type { IncomingMessage } from 'node:http';
import { badRequest, Refusal } from '../refusal.ts';

const MAX_HEADERS = 200;

/** What is wrong with a request's frame that Node's strict parser lets through. */
export function framingFault(request: IncomingMessage): Refusal | undefined {
  const { headers, rawHeaders, httpVersionMinor } = request;
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    return new Refusal(431, 'headers_too_large', { detail: `There are more than ${MAX_HEADERS} headers.` });
  }
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    return badRequest('Only chunked bodies are read.');
  if (encoding !== undefined && (httpVersionMinor === 0 || headers['content-length'] !== undefined)) {
    return badRequest('The length of the body is told in two ways.');
  }
  const hosts = hostsIn(rawHeaders);
  if (hosts > 1) return badRequest('There is more than one Host header.');
  if (hosts === 0 && httpVersionMinor > 0) return badRequest('The Host header is missing.');
  if (headers.host !== undefined && !HOST.test(headers.host)) return badRequest('The Host header names no host.');
  return undefined;
}

const HOST = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}
