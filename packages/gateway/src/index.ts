export type { Exchange } from './exchange.ts';
export type { Patience } from './front.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Limit, Limits } from './limits/rate-limits.ts';
export { notFound, Refusal, type RefusalOptions, unavailable } from './refusal.ts';
export type { Access, Answer, LocalRoute, Method, ProxyRoute, Route } from './routing/route.ts';
export type { FailureKind, Outcome, Upstream } from './upstream/upstream.ts';
