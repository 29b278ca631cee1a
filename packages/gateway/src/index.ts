export type { ApiKey } from './auth/api-keys.ts';
export type { Identity, IdentityVerifier, Requirement } from './auth/identity.ts';
export { InternalTokens } from './auth/internal-tokens.ts';
export { jwtIdentities } from './auth/jwt-identities.ts';
export type { AnswerTier, Cluster, ClusterLimit, FoundAnswers, KeptAnswer, News } from './cluster/cluster.ts';
export type { ConfigFault } from './config/config-faults.ts';
export { exampleConfig } from './config/example.ts';
export { ConfigError, checkConfig, readConfig } from './config/read-config.ts';
export { GatewayConfig as gatewayConfigSchema, type GatewayConfig } from './config/schema.ts';
export { type ConfiguredGateway, gatewayFromConfig } from './config/start-from-config.ts';
export type { Exchange } from './exchange.ts';
export type { Tls } from './front.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Verdict } from './limits/limiter.ts';
export type { Limit, Limits } from './limits/rate-limits.ts';
export { notFound, Refusal, type RefusalOptions, unavailable } from './refusal.ts';
export type {
  Access,
  Answer,
  CachePolicy,
  CorsPolicy,
  LocalRoute,
  Method,
  ProxyRoute,
  Route,
} from './routing/route.ts';
export type { HealthPolicy } from './upstream/replica-health.ts';
export type { FailureKind, Outcome, Upstream } from './upstream/upstream.ts';
export type { Patience } from './wire/client-connection.ts';
