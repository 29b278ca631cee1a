import type { LogPosition } from '@ashlar/domain';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { awaitWritten, type ConsistencyGate } from './consistency-gate.ts';
import { EMPTY_TOKEN, mergeTokens, parseConsistencyToken } from './consistency-token.ts';
import { fittingToken } from './fitting-token.ts';

const HEADER = 'consistency-token';

/** Read-your-writes: waits for what a token names, and answers each write with a token that covers it. */
export function honourConsistencyTokens(http: FastifyInstance, gate: ConsistencyGate): void {
  http.addHook('onRequest', async (request) => {
    const token = request.headers[HEADER];
    if (token !== undefined) request.exchange.awaited = parseConsistencyToken(String(token));
  });
  http.addHook('preHandler', async ({ exchange }) => {
    if (!exchange.awaited) return;
    await awaitWritten(gate, exchange.awaited);
    exchange.freshness = gate.freshnessOf(exchange.awaited);
  });
  http.addHook('onSend', async (request, reply) => {
    if (isWrite(request) && succeeded(reply)) reply.header(HEADER, await tokenOf(request, gate));
  });
}

const isWrite = ({ method }: FastifyRequest): boolean => method !== 'GET' && method !== 'HEAD';

const succeeded = ({ statusCode }: FastifyReply): boolean => statusCode >= 200 && statusCode < 300;

/** In no history: nobody but the primary can be there. */
const AT_THE_PRIMARY: LogPosition = { timeline: 0, lsn: 0n };

/**
 * The place in the log is read now, after the commit: inside the transaction it would be before it. Where there is
 * none, and no message leads to what was written, or shown as it was written before, it is read at the primary.
 */
async function tokenOf({ exchange }: FastifyRequest, gate: ConsistencyGate): Promise<string> {
  const { written } = exchange;
  const isNamed = gate.freshnessOf({ ...EMPTY_TOKEN, written }) !== 'any';
  const position = (await gate.position().catch(() => undefined)) ?? (isNamed ? undefined : AT_THE_PRIMARY);
  const positions = new Map(position && [[gate.service, position]]);
  const token = mergeTokens(exchange.awaited ?? EMPTY_TOKEN, { written, positions });
  return fittingToken(token, gate.published);
}
