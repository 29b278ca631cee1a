import type { RollingRestart } from '@ashlar/shop-gateway';
import type { Logger } from '@ashlar/telemetry';
import type { Replica } from './replica.ts';

export interface RestartOptions {
  readonly replicasOf: (service: string) => readonly Replica[];
  readonly add: (service: string) => Replica;
  readonly log: Logger;
}

const READY_WITHIN_MS = 60_000;

/** Replaces replicas one at a time: the new one is ready before the old one drains. */
export class RestartOneByOne {
  #state: RollingRestart = { state: 'none', replaced: [], left: [] };

  constructor(private readonly options: RestartOptions) {}

  get state(): RollingRestart {
    return this.#state;
  }

  /** Answers false while one runs. */
  begin(services: readonly string[]): boolean {
    if (this.#state.state === 'running') return false;
    const old = services.flatMap((service) =>
      this.options.replicasOf(service).map((replica) => ({ service, replica })),
    );
    this.#state = { state: 'running', replaced: [], left: old.map(({ replica }) => replica.name) };
    this.#replaceAll(old).then(
      () => this.#finish('done'),
      (error: unknown) => this.#finish('failed', error),
    );
    return true;
  }

  async #replaceAll(old: readonly { readonly service: string; readonly replica: Replica }[]): Promise<void> {
    for (const { service, replica } of old) {
      if (!replica.isLeaving) await this.#replace(service, replica);
      const { replaced, left } = this.#state;
      this.#state = {
        state: 'running',
        replaced: [...replaced, replica.name],
        left: left.filter((name) => name !== replica.name),
      };
    }
  }

  async #replace(service: string, old: Replica): Promise<void> {
    const fresh = this.options.add(service);
    try {
      await inTime(fresh.whenReady);
    } catch (error) {
      void fresh.leave();
      throw error;
    }
    await old.leave();
  }

  #finish(state: 'done' | 'failed', error?: unknown): void {
    const { replaced, left } = this.#state;
    this.#state = { state, replaced, left, ...(error !== undefined && { error: String(error) }) };
    if (error !== undefined) this.options.log.error({ err: error }, 'The restart has stopped; the others stay.');
  }
}

async function inTime(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('The new replica was not ready in time.')), READY_WITHIN_MS);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
