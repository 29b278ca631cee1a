import { type Clock, DomainError, type Ids, systemTimers, type Timers, UuidV7Ids } from '@ashlar/domain';
import type { PersonalVault } from '@ashlar/personal-data';
import type { Database } from '@ashlar/postgres';
import type { Telemetry } from '@ashlar/telemetry';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { decorateRequests, guardRoutes } from './access.ts';
import { type ConsistencyGate, consistencyGate } from './consistency/consistency-gate.ts';
import { honourConsistencyTokens } from './consistency/honour-tokens.ts';
import { answerClientError, answerErrors, answerUnroutable } from './error-answers.ts';
import { AnswerTable } from './idempotency/answer-table.ts';
import { honourIdempotencyKeys } from './idempotency/idempotent-routes.ts';
import { KeyedAnswers } from './idempotency/keyed-answers.ts';
import { readJsonBodies } from './json-body.ts';
import { describeRoutes, type OpenApiOptions } from './open-api.ts';
import { type Check, type Phase, registerProbes } from './probes.ts';
import { RequestsAtHand } from './requests-at-hand.ts';
import './routes.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { requestIdOf, traceRequests } from './tracing-hooks.ts';
import { refuseMalformedUrls } from './url-check.ts';
import { checkRequests } from './validation.ts';

export interface ServiceServerOptions {
  readonly service: string;
  readonly version: string;
  readonly telemetry: Telemetry;
  /** Where the answers to idempotency keys are kept. `undefined`, for adapters in memory, ignores the keys. */
  readonly db: Database | undefined;
  /** Seals the answers that hold personal data. */
  readonly vault?: PersonalVault;
  readonly verifier: TokenVerifier;
  readonly routes: readonly FastifyPluginAsyncTypebox[];
  readonly clock: Clock;
  /** What `/readyz` asks, by name. */
  readonly checks?: Readonly<Record<string, Check>>;
  readonly consistency?: ConsistencyGate;
  /** Makes a refusal of an error that the service knows, such as the violation of one of its unique indexes. */
  readonly errors?: (error: unknown) => DomainError | undefined;
  readonly openApi?: OpenApiOptions;
  readonly ids?: Ids;
  readonly timers?: Timers;
}

/** A service's HTTP server. It answers `/readyz` with 503 until `markReady`. */
export interface ServiceServer {
  /** Answers its address. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  readonly inject: FastifyInstance['inject'];
  markReady(): void;
  /** Tells the balancer to go elsewhere, and ends event streams; requests are still answered. */
  startDraining(): void;
  /** Drains, lets the requests at hand finish (10 s), and closes. */
  close(): Promise<void>;
}

interface Life {
  readonly phase: () => Phase;
  readonly closing: () => boolean;
  readonly atHand: RequestsAtHand;
}

const BODY_LIMIT = 1_048_576;
const DRAIN_MS = 10_000;
const PURGE_EVERY_MS = 60_000;

export async function createServiceServer(options: ServiceServerOptions): Promise<ServiceServer> {
  const { telemetry, timers = systemTimers } = options;
  const http = newFastify(options.ids ?? new UuidV7Ids());
  const draining = new AbortController();
  const table = options.db && new AnswerTable(options.db, options.clock);
  http.decorate('draining', draining.signal);
  http.decorate('keyedAnswers', table && new KeyedAnswers(options.db!, table, options.vault));
  http.decorate('translateError', (error: unknown) => options.errors?.(error) ?? error);

  let phase: Phase = 'starting';
  let closing = false;
  const atHand = new RequestsAtHand();
  await install(http, options, { phase: () => phase, closing: () => closing, atHand });

  const purge = timers.every(
    PURGE_EVERY_MS,
    async () => void (await table?.purge()),
    (error) => telemetry.log.warn({ err: error }, 'Old idempotency keys could not be deleted.'),
  );
  const startDraining = () => {
    phase = 'draining';
    draining.abort();
  };
  return {
    listen: (address) => http.listen(address),
    inject: http.inject.bind(http) as FastifyInstance['inject'],
    markReady: () => {
      if (phase === 'starting') phase = 'ready';
    },
    startDraining,
    async close() {
      startDraining();
      closing = true;
      purge();
      await closeGently(http, atHand, timers);
    },
  };
}

/** Who has not got an answer after ten seconds is cut off. */
async function closeGently(http: FastifyInstance, atHand: RequestsAtHand, timers: Timers): Promise<void> {
  const late = Promise.withResolvers<void>();
  const stop = timers.once(DRAIN_MS, () => {
    http.server.closeAllConnections();
    late.resolve();
  });
  await Promise.race([atHand.answered(), late.promise]);
  await http.close();
  stop();
}

function newFastify(ids: Ids): FastifyInstance {
  const requestId = requestIdOf(ids);
  return Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 75_000,
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: (request) => requestId(request.headers),
    clientErrorHandler: answerClientError,
    frameworkErrors: answerUnroutable,
    http: { maxHeaderSize: 16_384, headersTimeout: 15_000 },
  });
}

/** The order matters: what comes first also holds for what comes later, and the probes stand outside of the routes. */
async function install(http: FastifyInstance, options: ServiceServerOptions, life: Life): Promise<void> {
  const { telemetry, clock, version, service } = options;
  decorateRequests(http);
  traceRequests(http, telemetry);
  shedWhileClosing(http, life);
  answerErrors(http, telemetry.log);
  readJsonBodies(http);
  checkRequests(http);
  await describeRoutes(http, { title: service, ...options.openApi, version });
  await http.register(async (probes) => {
    const { metrics, log } = telemetry;
    registerProbes(probes, { checks: options.checks ?? {}, phase: life.phase, clock, metrics, log });
    probes.get('/openapi.json', { config: { access: 'public', probe: true }, schema: { hide: true } }, () =>
      http.swagger(),
    );
  });
  await http.register(async (routes) => {
    refuseMalformedUrls(routes);
    guardRoutes(routes, options.verifier);
    honourConsistencyTokens(routes, options.consistency ?? consistencyGate({ service, followers: [] }));
    honourIdempotencyKeys(routes);
    for (const route of options.routes) await routes.register(route);
  });
  await http.ready();
}

/** Once the server drains, connections are not kept; once it closes, a request on one still open is sent elsewhere. */
function shedWhileClosing(http: FastifyInstance, { phase, closing, atHand }: Life): void {
  http.addHook('onRequest', async (request, reply) => {
    atHand.add(reply.raw);
    if (!closing() || request.routeOptions.config.probe) return;
    throw new DomainError('unavailable', 'unavailable', 'This replica is closing; try again.');
  });
  http.addHook('onSend', async (_request, reply) => {
    if (phase() === 'draining') reply.header('connection', 'close');
  });
}
