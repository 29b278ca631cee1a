import { formatTraceparent } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import type { ProxyRoute } from '../routing/route.ts';
import { inwardHeaders, setHeaders } from '../wire/headers.ts';

export function requestLine({ method, target, forwardedTarget }: Exchange): string {
  const { path, query } = forwardedTarget ?? target!;
  return `${method} ${path}${query} HTTP/1.1\r\n`;
}

/** Without its Host, which is each replica's own. */
export function headOf(exchange: Exchange, route: ProxyRoute, passesCredentials: boolean): string {
  const { request, requestId, client, trace } = exchange;
  const { headers } = request;
  let text = inwardHeaders(exchange.forwardedHeaders ?? headers);
  text += `x-request-id: ${requestId}\r\nx-forwarded-for: ${client.address}\r\nx-forwarded-proto: ${client.scheme}\r\n`;
  const host = headers.get('host');
  if (host !== undefined) text += `x-forwarded-host: ${host}\r\n`;
  if (trace) text += `traceparent: ${formatTraceparent(trace)}\r\n`;
  if (trace?.traceState) text += `tracestate: ${trace.traceState}\r\n`;
  const set = linesSetBy(route);
  if (!set.includes('authorization:')) text += credentialOf(exchange, passesCredentials);
  return text + set + contentHeaders(exchange) + upgradeHeaders(exchange);
}

const SET = new WeakMap<ProxyRoute, string>();

/** Made once for each route. */
function linesSetBy(route: ProxyRoute): string {
  const set = route.request?.headers?.set;
  if (!set) return '';
  let lines = SET.get(route);
  if (lines === undefined) {
    lines = setHeaders(set);
    SET.set(route, lines);
  }
  return lines;
}

function contentHeaders({ body, streamsBody, request }: Exchange): string {
  const type = request.headers.get('content-type');
  const coding = request.headers.get('content-encoding');
  let text = '';
  if ((body || streamsBody) && type !== undefined) text += `content-type: ${type}\r\n`;
  if ((body || streamsBody) && coding !== undefined) text += `content-encoding: ${coding}\r\n`;
  if (body) return `${text}content-length: ${body.length}\r\n`;
  if (streamsBody) {
    return (
      text + (request.length === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${request.length}\r\n`)
    );
  }
  return TAKES_BODY.has(request.method) ? 'content-length: 0\r\n' : '';
}

function credentialOf({ token, request: { headers } }: Exchange, passesCredentials: boolean): string {
  if (token !== undefined) return `authorization: Bearer ${token}\r\n`;
  if (!passesCredentials) return '';
  const [shown, key] = [headers.get('authorization'), headers.get('x-api-key')];
  const line = shown === undefined ? '' : `authorization: ${shown}\r\n`;
  return key === undefined ? line : `${line}x-api-key: ${key}\r\n`;
}

const TAKES_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

const upgradeHeaders = ({ tunnel, request }: Exchange): string =>
  tunnel ? `connection: upgrade\r\nupgrade: ${request.headers.get('upgrade')}\r\n` : '';
