import { type Clock, systemTimers } from '@ashlar/domain';
import { type Cluster, createGateway, type Gateway, type InternalTokens } from '@ashlar/gateway';
import type { TokenVerifier } from '@ashlar/http';
import type { Overhearing } from '@ashlar/messaging';
import type { Telemetry } from '@ashlar/telemetry';
import type { ArchitectureReports } from './architecture-report.ts';
import { checkingTokens } from './checked-tokens.ts';
import { FirstReadiness } from './first-readiness.ts';
import type { FleetControl } from './fleet.ts';
import { limits } from './limits.ts';
import { operations } from './operations.ts';
import { purgesByNews } from './product-news.ts';
import { productWithStock } from './product-with-stock.ts';
import { routes, serviceNames } from './routes.ts';
import type { SandboxControl } from './sandbox.ts';
import { type RunningReplicas, readyUrls, Services } from './services.ts';

export type { ArchitectureReports } from './architecture-report.ts';
export type { FleetControl, RollingRestart } from './fleet.ts';
export type { SandboxControl, SandboxState } from './sandbox.ts';
export type { ReplicaStatus, RunningReplicas, ServiceReplica } from './services.ts';

export interface ShopGatewayOptions {
  /** Every service with its replicas, as they are now. */
  readonly services: () => readonly RunningReplicas[];
  readonly verifier: TokenVerifier;
  /** Hands callers on to the services by tokens of the gateway's own. */
  readonly internalTokens?: InternalTokens;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly rateLimitFactor?: number;
  readonly sandbox?: SandboxControl;
  /** What the doctor says of the running system. */
  readonly reports?: ArchitectureReports;
  /** Where services have replicas; they are asked every second how they are, and given a rest when they fail. */
  readonly fleet?: FleetControl;
  /** Where something else starts and ends replicas, they are watched as those of a fleet are. */
  readonly watchesReplicas?: boolean;
  readonly trustedProxies?: readonly string[];
  readonly metricsAddress?: { readonly port: number; readonly host: string };
  /** What several gateways know together. */
  readonly cluster?: Cluster;
  /** Where products' events are heard, so that their pages go at once. */
  readonly news?: Overhearing;
  /** When `/readyz` turns 200; once every service has been ready, when not told. */
  readonly ready?: () => boolean;
}

export { InternalTokens } from '@ashlar/gateway';

export interface ShopGateway extends Gateway {
  /** `/readyz` says from now on that this gateway wants no more requests; it still answers them. */
  startDraining(): void;
}

const HEALTH = { path: '/readyz', alivePath: '/livez', intervalMs: 1_000, failures: 3, ejectMs: 1_000 } as const;

const upstreamsOf = (running: ShopGatewayOptions['services'], isWatched: boolean) =>
  serviceNames.map((name) => ({
    name,
    replicas: () => readyUrls(running(), name),
    ...(isWatched && { health: HEALTH }),
  }));

/** This shop's front door: its routes, limits and operations before its services. */
export function createShopGateway(options: ShopGatewayOptions): ShopGateway {
  const { services: running, sandbox, reports, fleet, ready, news, ...others } = options;
  const { watchesReplicas = fleet !== undefined, ...passedOn } = others;
  const services = new Services(running);
  const readiness = new FirstReadiness(services, systemTimers);
  let isDraining = false;
  const gateway = createGateway({
    ...passedOn,
    routes,
    limits,
    ops: [
      ...operations(services, { recorder: options.telemetry.recorder, reports, sandbox, fleet }),
      productWithStock(services),
    ].map(checkingTokens),
    upstreams: upstreamsOf(running, watchesReplicas),
    ready: () => !isDraining && (ready ? ready() : readiness.isReached),
  });
  const stopHearing = news && purgesByNews(news, gateway);
  return {
    get url() {
      return gateway.url;
    },
    get metricsUrl() {
      return gateway.metricsUrl;
    },
    purge: (tag) => gateway.purge(tag),
    underWayAt: (replica) => gateway.underWayAt(replica),
    reload: (table) => gateway.reload(table),
    startDraining() {
      isDraining = true;
    },
    async listen(address) {
      await gateway.listen(address);
      if (!ready) await readiness.watch();
    },
    async close() {
      readiness.stop();
      stopHearing?.();
      await gateway.close();
      await services.close();
    },
  };
}
