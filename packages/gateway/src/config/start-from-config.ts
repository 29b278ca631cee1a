import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '@ashlar/domain';
import type { Telemetry } from '@ashlar/telemetry';
import type { ApiKey } from '../auth/api-keys.ts';
import type { IdentityVerifier } from '../auth/identity.ts';
import { InternalTokens } from '../auth/internal-tokens.ts';
import { type JwtOptions, jwtIdentities } from '../auth/jwt-identities.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { createGateway, type Gateway, type GatewayOptions, type Table } from '../gateway.ts';
import type { Limits } from '../limits/rate-limits.ts';
import type { Route } from '../routing/route.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Patience } from '../wire/client-connection.ts';
import type { GatewayConfig } from './schema.ts';

export interface FromConfigOptions {
  readonly telemetry: Telemetry;
  /** Where the files lie that the configuration names. */
  readonly file: string;
  /** What other gateways of the same configuration know. */
  readonly cluster?: Cluster;
}

export interface ConfiguredGateway extends Gateway {
  /** Goes on with another configuration, and loses no request. Answers which sections count from the next start on. */
  reconfigure(config: GatewayConfig): readonly string[];
}

/** The gateway that a configuration describes; it does not listen yet. */
export function gatewayFromConfig(config: GatewayConfig, options: FromConfigOptions): ConfiguredGateway {
  let { authentication } = config;
  let verifier = verifierOf(config);
  const started = config;
  const tokens = tokensOf(config, options.file);
  const gateway = createGateway({ ...optionsOf(config, verifier, options), ...(tokens && { internalTokens: tokens }) });
  return Object.assign(gateway, {
    reconfigure(changed: GatewayConfig) {
      const isKnown = isDeepStrictEqual(changed.authentication?.jwt, authentication?.jwt);
      const next = isKnown ? verifier : verifierOf(changed);
      const pem = keyOf(changed, options.file);
      gateway.reload(tableOf(changed, next));
      if (pem !== undefined) tokens?.signWith(pem);
      ({ authentication } = changed);
      verifier = next;
      const later = AT_START.filter((section) => !isDeepStrictEqual(changed[section], started[section]));
      return (pem === undefined) === (tokens === undefined) ? later : [...later, 'authentication.internalTokens'];
    },
  });
}

const AT_START = ['listen', 'cache', 'cluster'] as const;

const beside = (file: string, name: string): string => readFileSync(resolve(dirname(file), name), 'utf8');

/** What callers are handed on with to the services. */
function tokensOf(config: GatewayConfig, file: string): InternalTokens | undefined {
  const pem = keyOf(config, file);
  return pem === undefined ? undefined : new InternalTokens(systemClock, pem);
}

const keyOf = ({ authentication }: GatewayConfig, file: string): string | undefined =>
  authentication?.internalTokens && beside(file, authentication.internalTokens.keyFile);

const verifierOf = ({ authentication }: GatewayConfig): IdentityVerifier | undefined =>
  authentication?.jwt && jwtIdentities(authentication.jwt as JwtOptions, systemClock);

function optionsOf(
  config: GatewayConfig,
  verifier: IdentityVerifier | undefined,
  { telemetry, file, cluster }: FromConfigOptions,
): GatewayOptions {
  const { listen, cache } = config;
  const { tls, trustedProxies, maxConnections, maxConcurrent } = listen;
  return {
    ...tableOf(config, verifier),
    telemetry,
    clock: systemClock,
    ready: () => true,
    patience: patienceOf(config),
    ...(cluster && { cluster }),
    ...(cache && { cache: cache as NonNullable<GatewayOptions['cache']> }),
    ...(trustedProxies && { trustedProxies }),
    ...(maxConnections !== undefined && { maxConnections }),
    ...(maxConcurrent !== undefined && { maxConcurrent }),
    ...(tls && { tls: { cert: beside(file, tls.certFile), key: beside(file, tls.keyFile) } }),
  };
}

/** What of a configuration can change while the gateway runs. */
export const tableOf = (config: GatewayConfig, verifier?: IdentityVerifier): Table => ({
  verifier,
  apiKeys: config.authentication?.apiKeys as readonly ApiKey[] | undefined,
  routes: config.routes as readonly Route[],
  limits: limitsOf(config),
  upstreams: Object.entries(config.upstreams).map(([name, { replicas, ...policies }]) => {
    const origins = replicas.map((replica) => new URL(replica).origin);
    return { name, replicas: () => origins, ...(policies as Pick<Upstream, 'health' | 'breaker'>) };
  }),
});

const patienceOf = ({ listen }: GatewayConfig): Patience => {
  const { headersMs = 10_000, requestMs = 30_000, keepAliveMs = 60_000, bodyBytesPerSecond } = listen;
  return { headersMs, requestMs, keepAliveMs, ...(bodyBytesPerSecond !== undefined && { bodyBytesPerSecond }) };
};

/** Without a word about limits there are none. */
const limitsOf = ({ limits = {} }: GatewayConfig): Limits => ({
  default: [],
  ...Object.fromEntries(
    Object.entries(limits).map(([name, all]) => [name, all.map((limit) => ({ shape: 'bucket' as const, ...limit }))]),
  ),
});
