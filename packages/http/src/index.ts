export type { Caller } from './caller.ts';
export {
  type ConsistencyGate,
  consistencyGate,
  type Follower,
  type GateOptions,
} from './consistency/consistency-gate.ts';
export {
  type ConsistencyToken,
  formatConsistencyToken,
  parseConsistencyToken,
} from './consistency/consistency-token.ts';
export { type CursorPage, cursorPage, type Page } from './cursor-page.ts';
export { etagOf, requireIfMatch, sendWithEtag } from './etag.ts';
export { EventStream, type ServerSentEvent, sse } from './event-stream.ts';
export type { Exchange } from './exchange.ts';
export { forgetCaller } from './idempotency/answer-table.ts';
export { answerOnce } from './idempotency/idempotent-routes.ts';
export type { ResourceSteps } from './idempotency/keyed-answers.ts';
export { sealAnswers } from './idempotency/seal-answers.ts';
export { internalJwk, internalKeysIn } from './internal-keys.ts';
export { type InvalidPart, InvalidRequestError } from './invalid-request.ts';
export { httpMigrations } from './migrations.ts';
export type { OpenApiOptions } from './open-api.ts';
export type { Check } from './probes.ts';
export { PROBLEM_HEADERS, type Problem, type Refusal, refusalOf, toProblem } from './problem.ts';
export type { Refuses } from './refusals.ts';
export type { Access, Idempotency } from './routes.ts';
export {
  Currency,
  CursorQuery,
  cursorQuery,
  EventsOf,
  Id,
  IdParams,
  ListOf,
  Money,
  MoneyAmount,
  MoneyView,
  Nothing,
  NotModified,
  OneOf,
  PageOf,
  Time,
} from './schemas.ts';
export { createServiceServer, type ServiceServer, type ServiceServerOptions } from './service-server.ts';
export {
  type ClaimsVerifierOptions,
  createClaimsVerifier,
  createTokenVerifier,
  INTERNAL,
  InvalidTokenError,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './token-verifier.ts';
