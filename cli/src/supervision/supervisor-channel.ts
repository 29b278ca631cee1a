import { systemClock } from '@ashlar/domain';
import type { Order, Report } from './protocol.ts';

type OrderOf<Type extends Order['type']> = Extract<Order, { type: Type }>;

/** Who hears of it later was frozen meanwhile: another process has taken the place of the dead. */
const NEWS_FOR_MS = 1_000;

/** What a replica hears from its supervisor, and tells it. */
export class SupervisorChannel {
  /** Told of another replica of the service whose process has just died. */
  onDied: (replica: string) => void = () => {};
  readonly #start = Promise.withResolvers<OrderOf<'start'>>();
  readonly #begin = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  readonly #asked = Promise.withResolvers<void>();
  #keyServers: readonly string[] = [];

  constructor(onAlone: () => void) {
    // A Ctrl-C reaches the whole group: the supervisor says in which order it ends.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
    process.on('SIGTERM', () => this.#asked.resolve());
    process.on('message', (order) => this.#heard(order as Order));
    process.once('disconnect', onAlone);
  }

  get start(): Promise<OrderOf<'start'>> {
    return this.#start.promise;
  }

  get begin(): Promise<void> {
    return this.#begin.promise;
  }

  /** Somebody wants this replica to end. */
  get askedToEnd(): Promise<void> {
    return this.#asked.promise;
  }

  get released(): Promise<void> {
    return this.#released.promise;
  }

  get keyServers(): readonly string[] {
    return this.#keyServers;
  }

  /** Resolves when it has left. */
  report(report: Report): Promise<void> {
    return new Promise((resolve) => {
      if (process.connected) process.send?.(report, undefined, {}, () => resolve());
      else resolve();
    });
  }

  #heard(order: Order): void {
    if (order.type === 'start') this.#start.resolve(order);
    else if (order.type === 'begin') this.#begin.resolve();
    else if (order.type === 'released') this.#released.resolve();
    else if (order.type === 'died') {
      if (systemClock.now().getTime() - order.atMs < NEWS_FOR_MS) this.onDied(order.replica);
    } else this.#keyServers = order.urls;
  }
}
