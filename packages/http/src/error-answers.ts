import type { Socket } from 'node:net';
import { type Logger, nextSpan, runInContext } from '@ashlar/telemetry';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AnsweredBefore } from './idempotency/answer.ts';
import { sendAnswer } from './idempotency/idempotent-routes.ts';
import { PROBLEM_HEADERS, type Refusal, refusalOf, toProblem } from './problem.ts';
import { pathOf } from './request-path.ts';

/** Turns every error into problem+json; what nobody expected is logged with its stack and told as `internal`. */
export function answerErrors(http: FastifyInstance, log: Logger): void {
  http.decorate('reportFailure', (request: FastifyRequest, error: unknown) => {
    logFailure(log, request, { error, refusal: refusalOf(error) });
  });
  http.setErrorHandler((error, request, reply) => {
    if (error instanceof AnsweredBefore) return replay(request, reply, error);
    const refusal = refusalOf(http.translateError(error));
    if (refusal.status >= 500) logFailure(log, request, { error, refusal });
    return refuse(request, reply, refusal);
  });
  http.setNotFoundHandler((request, reply) => {
    const allowed = METHODS.filter((method) => http.findRoute({ method, url: pathOf(request) }) !== null);
    if (allowed.length === 0)
      return refuse(request, reply, { status: 404, code: 'not_found', detail: 'There is no such path.' });
    const detail = `This path takes ${allowed.join(', ')}.`;
    return refuse(request, reply, {
      status: 405,
      code: 'method_not_allowed',
      detail,
      headers: { allow: allowed.join(', ') },
    });
  });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** For addresses that cannot even be routed; no hook has seen the request then. */
export function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  refuse(request, reply.header('x-request-id', request.id), refusalOf(error));
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { traceId } = request.exchange?.context.trace ?? nextSpan();
  for (const [name, value] of Object.entries(refusal.headers ?? {}))
    if (!reply.hasHeader(name)) reply.header(name, value);
  return reply
    .code(refusal.status)
    .headers(PROBLEM_HEADERS)
    .send(toProblem(refusal, pathOf(request), traceId));
}

function replay({ exchange }: FastifyRequest, reply: FastifyReply, { answer }: AnsweredBefore): FastifyReply {
  exchange.replayed = true;
  exchange.written.push(...answer.written);
  return sendAnswer(reply, answer);
}

function logFailure(
  log: Logger,
  request: FastifyRequest,
  { error, refusal }: { error: unknown; refusal: Refusal },
): void {
  const write = () => {
    const line = { err: error, method: request.method, route: request.routeOptions.url, code: refusal.code };
    if (refusal.code === 'internal') log.error(line, 'A request failed.');
    else log.warn(line, 'A request could not be served.');
  };
  if (request.exchange) runInContext(request.exchange.context, write);
  else write();
}

const SOCKET_REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers_too_large', detail: 'The header is larger than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request_timeout', detail: 'The request took too long to arrive.' },
};

/** Answers what is not HTTP at all, or not in time, on the bare connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const malformed: Refusal = { status: 400, code: 'malformed_request', detail: 'This is not an HTTP request.' };
  const problem = toProblem(SOCKET_REFUSALS[error.code ?? ''] ?? malformed, '', nextSpan().traceId);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_HEADERS['content-type']}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.traceId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
