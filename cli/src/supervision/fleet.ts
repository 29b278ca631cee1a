import { type Stop, systemClock, systemTimers, type Timers } from '@ashlar/domain';
import type { FleetControl, RollingRestart, RunningReplicas } from '@ashlar/shop-gateway';
import type { Logger } from '@ashlar/telemetry';
import { MOST_REPLICAS } from '../replica-counts.ts';
import type { Order } from './protocol.ts';
import { Replica } from './replica.ts';
import { RestartOneByOne } from './restart-one-by-one.ts';

export interface FleetOptions {
  /** How many replicas each service has at the start. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Whose replicas tell the keys of tokens. */
  readonly keyService: string;
  readonly start: (service: string, replica: string) => Order;
  /** The program that replicas run, compiled. */
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
  readonly log: Logger;
  /** Hears now and then, while it starts, which replicas are not ready yet. */
  readonly onSlow?: (waitedFor: readonly string[]) => void;
  readonly timers?: Timers;
}

/** Whoever sends requests to replicas. */
export interface Balancer {
  /** How many requests are on their way to this replica, or under way at it. */
  underWayAt(url: string): number;
}

const LOOK_AGAIN_MS = 20;
const SLOW_MS = 15_000;
/** A terminal or a platform tells everybody to end: who hears it first is not to be replaced. */
const TOLD_TOGETHER_MS = 200;

/** The replicas of all services: as many as are wanted, each a process, started again when it dies. */
export class Fleet implements FleetControl {
  readonly services: readonly string[];
  readonly most = MOST_REPLICAS;
  /** Asked before a replica that drains is let go. */
  balancer: Balancer | undefined;
  readonly #replicas = new Map<string, Replica[]>();
  readonly #wanted: Map<string, number>;
  readonly #lastNumber = new Map<string, number>();
  readonly #restart: RestartOneByOne;
  #hasBegun = false;
  #isClosing = false;
  #isStopped = false;

  constructor(private readonly options: FleetOptions) {
    this.services = Object.keys(options.replicas);
    this.#wanted = new Map(Object.entries(options.replicas));
    this.#restart = new RestartOneByOne({
      replicasOf: (service) => this.#staying(service),
      add: (service) => this.#add(service),
      log: options.log,
    });
  }

  /** Resolves when every replica is ready. They begin together, so that nothing is said past one that listens later. */
  async start(): Promise<void> {
    const all = this.services.flatMap((service) =>
      Array.from({ length: this.#wanted.get(service)! }, () => this.#add(service)),
    );
    const stopTelling = this.#tellSlow(all);
    try {
      await Promise.all(all.map((replica) => replica.whenListening));
      this.#hasBegun = true;
      for (const replica of all) replica.tell({ type: 'begin' });
      await Promise.all(all.map((replica) => replica.whenReady));
    } finally {
      stopTelling();
    }
  }

  running(): readonly RunningReplicas[] {
    return this.services.map((service) => ({ service, replicas: this.#of(service).map(({ view }) => view) }));
  }

  urlsOf(service: string): readonly string[] {
    return this.#of(service)
      .map(({ url }) => url)
      .filter((url) => url !== '');
  }

  scale(service: string, replicas: number): void {
    this.#wanted.set(service, replicas);
    this.#complete(service);
    for (const surplus of this.#staying(service).slice(replicas)) void surplus.leave();
  }

  restart(services: readonly string[]): boolean {
    return this.#restart.begin(services);
  }

  get lastRestart(): RollingRestart {
    return this.#restart.state;
  }

  /** From now on nobody comes any more. Those that drain still answer, until the fleet is stopped. */
  close(): void {
    this.#isClosing = true;
  }

  /** Has all of them drain and end. */
  async stop(): Promise<void> {
    this.#isClosing = true;
    this.#isStopped = true;
    await Promise.all([...this.#replicas.values()].flat().map((replica) => replica.leave()));
  }

  #tellSlow(all: readonly Replica[]): Stop {
    const { timers = systemTimers, onSlow = () => {}, log } = this.options;
    const tell = async () => onSlow(all.filter(({ status }) => status !== 'ready').map(({ name }) => name));
    return timers.every(SLOW_MS, tell, (error) => log.error({ err: error }, 'It could not be told who is slow.'));
  }

  #of(service: string): Replica[] {
    const known = this.#replicas.get(service) ?? [];
    this.#replicas.set(service, known);
    return known;
  }

  #staying(service: string): Replica[] {
    return this.#of(service).filter(({ isLeaving }) => !isLeaving);
  }

  /** Until a service has as many replicas as are wanted. */
  #complete(service: string): void {
    const missing = this.#wanted.get(service)! - this.#staying(service).length;
    for (let added = 0; added < missing && !this.#isClosing; added++) this.#add(service);
  }

  #add(service: string): Replica {
    const { entry, environment, version, start } = this.options;
    const number = (this.#lastNumber.get(service) ?? 0) + 1;
    this.#lastNumber.set(service, number);
    const name = `${service}-${number}`;
    const replica = new Replica({
      name,
      entry,
      environment,
      version,
      orders: () => [start(service, name), this.#keyServers()],
      observer: {
        changed: () => service === this.options.keyService && this.#tellKeyServers(),
        listening: (one) => this.#hasBegun && one.tell({ type: 'begin' }),
        draining: (one) => {
          setTimeout(() => this.#complete(service), TOLD_TOGETHER_MS);
          void this.#release(service, one);
        },
        died: (one, end) => {
          this.#tellDeath(service, one);
          this.options.log.warn({ replica: one.name, ...end }, 'A replica has died; it comes again.');
        },
        gone: (one, code) => this.#forget(service, one, code),
      },
    });
    this.#of(service).push(replica);
    return replica;
  }

  /** Once somebody else answers and nothing is on its way to it, it may close its door. */
  async #release(service: string, replica: Replica): Promise<void> {
    const { url } = replica;
    const mayGo = (): boolean => {
      if (this.#isStopped || replica.status !== 'draining') return true;
      const hasOthers = this.#of(service).some(({ status }) => status === 'ready');
      return hasOthers && (this.balancer?.underWayAt(url) ?? 0) === 0;
    };
    while (!mayGo()) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    replica.tell({ type: 'released' });
  }

  #forget(service: string, replica: Replica, code: number | null): void {
    const { log } = this.options;
    if (code !== 0) {
      this.#tellDeath(service, replica);
      log.warn({ replica: replica.name, code }, 'A replica was cut off before it had finished.');
    }
    const others = this.#of(service).filter((one) => one !== replica);
    this.#replicas.set(service, others);
    this.#complete(service);
  }

  /** The others take over what it had, and need not wait until its leases expire. */
  #tellDeath(service: string, { name: replica }: Replica): void {
    const atMs = systemClock.now().getTime();
    for (const one of this.#of(service)) if (one.name !== replica) one.tell({ type: 'died', replica, atMs });
  }

  #keyServers(): Order {
    return { type: 'key-servers', urls: this.urlsOf(this.options.keyService) };
  }

  #tellKeyServers(): void {
    const order = this.#keyServers();
    for (const replica of [...this.#replicas.values()].flat()) replica.tell(order);
  }
}
