export { type Bulkhead, type BulkheadOptions, bulkhead } from './bulkhead.ts';
export {
  type BreakerOptions,
  type BreakerState,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
} from './circuit-breaker.ts';
export {
  type AroundAttempt,
  createHttpClient,
  type HttpAttempt,
  type HttpClient,
  type HttpClientOptions,
  type Outcome,
  type ResilienceEvent,
} from './http-client.ts';
export type { HttpAnswer, HttpMethod, HttpRequest } from './http-exchange.ts';
export { compose, type Policy, type Work } from './policy.ts';
export { type Protection, protect } from './protect.ts';
export { type BackoffOptions, type Retried, type RetryOptions, retry } from './retry.ts';
export { type RetryBudget, type RetryBudgetOptions, retryBudget } from './retry-budget.ts';
export { type TimeoutOptions, timeout } from './timeout.ts';
export { UnavailableError, type UnavailableReason } from './unavailable-error.ts';
