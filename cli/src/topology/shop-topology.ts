import type { Overhearing } from '@ashlar/messaging';
import type { FleetControl, InternalTokens, RunningReplicas, ShopGateway } from '@ashlar/shop-gateway';
import type { Telemetry } from '@ashlar/telemetry';
import type { Configuration } from '../configuration.ts';
import type { Demand } from '../connection-share.ts';
import type { DatabaseServer } from '../database.ts';
import type { ShopSettings } from './shop-services.ts';

/** What the services of a system are started with, in whatever processes. */
export interface Ingredients {
  readonly configuration: Configuration;
  readonly namespace: string;
  readonly server: DatabaseServer;
  readonly shop: ShopSettings;
  /** How the gateway hands callers on to the services. */
  readonly internalTokens: InternalTokens;
  /** Of one part of the system. */
  readonly telemetry: (part: string) => Telemetry;
  /** Sees every commit of every service: for the tests that fail them one at a time. */
  readonly beforeCommit: (service: string) => void;
  /** For the person at the terminal. */
  readonly onProgress: (line: string) => void;
}

/** A way of running the services. */
export interface Topology {
  /** Before anything is started: is there what it needs? Throws what the person at the terminal can do about it. */
  check?(configuration: Configuration, namespace: string): Promise<void>;
  /** How many replicas want connections to the database, and how many each. */
  demand(configuration: Configuration): Demand;
  start(ingredients: Ingredients): Promise<RunningServices>;
}

/** The running services, in whatever processes. */
export interface RunningServices {
  /** Every service with its replicas, as they are now. */
  running(): readonly RunningReplicas[];
  /** Where the keys of tokens are told. */
  keyServers(): readonly string[];
  /** Where the gateway hears what the services say. */
  readonly news: Overhearing;
  /** Where replicas are processes of their own, and may come and go. */
  readonly fleet?: FleetControl;
  /** The gateway is there, and sends requests. */
  servedBy?(gateway: ShopGateway): void;
  /** The system is about to stop: nothing new is started. */
  close?(): void;
  stop(): Promise<void>;
}
