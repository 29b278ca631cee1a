import { type Clock, systemTimers } from '@ashlar/domain';
import { createGateway, type Gateway } from '@ashlar/gateway';
import type { TokenVerifier } from '@ashlar/http';
import type { Telemetry } from '@ashlar/telemetry';
import { FirstReadiness } from './first-readiness.ts';
import { limits } from './limits.ts';
import { operations } from './operations.ts';
import { routes, serviceNames } from './routes.ts';
import type { SandboxControl } from './sandbox.ts';
import { type RunningReplicas, readyUrls, Services } from './services.ts';

export type { SandboxControl, SandboxState } from './sandbox.ts';
export type { ReplicaStatus, RunningReplicas, ServiceReplica } from './services.ts';

export interface ShopGatewayOptions {
  /** Every service with its replicas, as they are now. */
  readonly services: () => readonly RunningReplicas[];
  readonly verifier: TokenVerifier;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly rateLimitFactor?: number;
  readonly sandbox?: SandboxControl;
  readonly trustedProxies?: readonly string[];
  /** When `/readyz` turns 200; once every service has been ready, when not told. */
  readonly ready?: () => boolean;
}

export type ShopGateway = Gateway;

/** This shop's front door: its routes, limits and operations before its services. */
export function createShopGateway(options: ShopGatewayOptions): ShopGateway {
  const { services: running, sandbox, ready, ...passedOn } = options;
  const services = new Services(running);
  const readiness = new FirstReadiness(services, systemTimers);
  const gateway = createGateway({
    ...passedOn,
    routes,
    limits,
    ops: operations(services, sandbox),
    upstreams: serviceNames.map((name) => ({ name, replicas: () => readyUrls(running(), name) })),
    ready: ready ?? (() => readiness.isReached),
  });
  return {
    get url() {
      return gateway.url;
    },
    get metricsUrl() {
      return gateway.metricsUrl;
    },
    async listen(address) {
      await gateway.listen(address);
      if (!ready) await readiness.watch();
    },
    async close() {
      readiness.stop();
      await gateway.close();
      await services.close();
    },
  };
}
