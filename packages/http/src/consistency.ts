import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { awaitWritten, type ConsistencyGate } from './consistency-gate.ts';
import { formatConsistencyToken, mergeWritten, parseConsistencyToken } from './consistency-token.ts';

const HEADER = 'consistency-token';

/** Read-your-writes: waits for what a token names, and answers each write with a token that covers it. */
export function honourConsistencyTokens(http: FastifyInstance, gate: ConsistencyGate): void {
  http.addHook('onRequest', async (request) => {
    const token = request.headers[HEADER];
    if (token !== undefined) request.exchange.awaited = parseConsistencyToken(String(token));
  });
  http.addHook('preHandler', async (request) => awaitWritten(gate, request.exchange.awaited));
  http.addHook('onSend', async (request, reply) => {
    if (isWrite(request) && succeeded(reply)) reply.header(HEADER, tokenOf(request));
  });
}

const isWrite = ({ method }: FastifyRequest): boolean => method !== 'GET' && method !== 'HEAD';

const succeeded = ({ statusCode }: FastifyReply): boolean => statusCode >= 200 && statusCode < 300;

const tokenOf = ({ exchange }: FastifyRequest): string =>
  formatConsistencyToken(mergeWritten(exchange.awaited, exchange.written));
