import type { ServiceName } from '../shop/databases.ts';

/** Makes one commit of one service fail, once, before it reaches the database; counts all of them. */
export class CommitFaults {
  readonly #seen = new Map<string, number>();
  #target: { readonly service: ServiceName; readonly commit: number } | undefined;
  #isCounting = false;
  hasFailed = false;

  /** From now on, counted from 1. Without a target nothing fails. */
  begin(target?: { readonly service: ServiceName; readonly commit: number }): void {
    this.#seen.clear();
    this.#target = target;
    this.hasFailed = false;
    this.#isCounting = true;
  }

  /** How many commits each service has tried since the beginning. */
  end(): ReadonlyMap<string, number> {
    this.#isCounting = false;
    return new Map(this.#seen);
  }

  readonly beforeCommit = (service: string): void => {
    if (!this.#isCounting) return;
    const count = (this.#seen.get(service) ?? 0) + 1;
    this.#seen.set(service, count);
    if (this.#target?.service !== service || this.#target.commit !== count) return;
    this.hasFailed = true;
    throw new Error(`Commit ${count} of ${service} fails for the test.`);
  };
}
