import { resolve4, resolve6 } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock, Stop, Timers } from '@ashlar/domain';
import type { RunningReplicas } from '@ashlar/shop-gateway';

export interface ReplicasByNameOptions {
  /** By service, one or several: `http://order:8080`. */
  readonly services: Readonly<Record<string, readonly string[]>>;
  readonly version: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
  /** The addresses that a name stands for; asks DNS by default. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const LOOK_EVERY_MS = 1_000;

/**
 * The replicas that a service has by now: every address that its name stands for, looked up every second (a headless
 * service of Kubernetes, a scaled one of Compose). While a name cannot be resolved, what was known of it holds.
 */
export class ReplicasByName {
  readonly #known = new Map<string, RunningReplicas>();
  readonly #options: Required<ReplicasByNameOptions>;
  #stop: Stop = () => {};

  constructor(options: ReplicasByNameOptions) {
    this.#options = { resolve: addressesOf, ...options };
    for (const service of Object.keys(options.services)) this.#known.set(service, { service, replicas: [] });
  }

  /** Resolves after the first look, whatever it has found. */
  async start(): Promise<void> {
    const { timers, onError } = this.#options;
    await this.#look();
    this.#stop = timers.every(LOOK_EVERY_MS, () => this.#look(), onError);
  }

  stop(): void {
    this.#stop();
  }

  running(): readonly RunningReplicas[] {
    return [...this.#known.values()];
  }

  async #look(): Promise<void> {
    const { services, onError } = this.#options;
    await Promise.all(Object.entries(services).map(([service, urls]) => this.#lookAt(service, urls).catch(onError)));
  }

  async #lookAt(service: string, addresses: readonly string[]): Promise<void> {
    const { version, clock } = this.#options;
    const found = await Promise.all(addresses.map((address) => this.#resolved(new URL(address))));
    const before = new Map(this.#known.get(service)?.replicas.map((replica) => [replica.url, replica]));
    const replicas = found.flat().map(
      // Whose process it is, and since when, only its own machine knows: since we have known it.
      ({ host, url }) =>
        before.get(url) ?? { replica: `${service}@${host}`, pid: 0, url, version, startedAt: clock.now() },
    );
    this.#known.set(service, { service, replicas });
  }

  async #resolved({ protocol, hostname, port }: URL): Promise<{ readonly host: string; readonly url: string }[]> {
    const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    const addresses = isAddress ? [hostname] : await this.#options.resolve(hostname);
    return [...addresses].sort().map((address) => {
      const host = `${isIP(address) === 6 ? `[${address}]` : address}${port && `:${port}`}`;
      return { host, url: `${protocol}//${host}` };
    });
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return await resolve4(host);
  } catch {
    return resolve6(host);
  }
}
