import type { SamplingOptions } from '@ashlar/telemetry';
import type { GatewayKeys } from '../topology/issuer.ts';
import type { ServiceName, ShopSettings } from '../topology/shop-services.ts';

/** All that a replica needs to know. It is handed over by the channel: secrets are in no argument and no variable. */
export interface ReplicaSettings {
  readonly service: ServiceName;
  readonly replica: string;
  readonly version: string;
  readonly databaseUrl: string;
  readonly replicaUrls: readonly string[];
  readonly maxConnections: number;
  readonly natsUrl: string;
  readonly namespace: string;
  /** With which callers are believed. */
  readonly gatewayKeys: GatewayKeys;
  readonly shop: ShopSettings;
  readonly logLevel: string;
  readonly sampling: SamplingOptions;
  readonly otlpEndpoint?: string;
}

/** What the supervisor tells a replica. */
export type Order =
  | { readonly type: 'start'; readonly settings: ReplicaSettings }
  /** Everybody hears by now: it may speak. */
  | { readonly type: 'begin' }
  /** Where the replicas of the user service are, which tell the keys of tokens. */
  | { readonly type: 'key-servers'; readonly urls: readonly string[] }
  /** The process of another replica of the service has died. */
  | { readonly type: 'died'; readonly replica: string; readonly atMs: number }
  /** Nothing is sent to it any more, and nothing is on its way. */
  | { readonly type: 'released' };

/** What a replica tells its supervisor. */
export type Report =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'ready' }
  | { readonly type: 'draining' }
  /** It cannot start; for the person at the terminal. */
  | { readonly type: 'failed'; readonly lines: readonly string[] };
