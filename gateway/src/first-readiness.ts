import type { Timers } from '@ashlar/domain';
import type { Services } from './services.ts';

const ASK_EVERY_MS = 100;

/** True for good once every service was ready at the same time; one that is away later stops nobody else. */
export class FirstReadiness {
  #wasReached = false;
  #stop = (): void => {};

  constructor(
    private readonly services: Services,
    private readonly timers: Timers,
  ) {}

  get isReached(): boolean {
    return this.#wasReached;
  }

  async watch(): Promise<void> {
    await this.#look();
    if (!this.#wasReached)
      this.#stop = this.timers.every(
        ASK_EVERY_MS,
        () => this.#look(),
        () => {},
      );
  }

  stop(): void {
    this.#stop();
  }

  async #look(): Promise<void> {
    const { services } = this;
    const ready = await Promise.all(
      services.names.map((name) => services.ask(name, { method: 'GET', path: '/readyz' })),
    );
    if (ready.length === 0 || !ready.every((answer) => answer?.status === 200)) return;
    this.#wasReached = true;
    this.#stop();
  }
}
