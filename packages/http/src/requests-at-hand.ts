import type { ServerResponse } from 'node:http';

/** The requests whose answers have not left yet: a server may not close its connections under them. */
export class RequestsAtHand {
  readonly #open = new Set<ServerResponse>();
  #done: (() => void) | undefined;

  add(response: ServerResponse): void {
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#open.size === 0) this.#done?.();
    });
  }

  /** Resolves once there is none. */
  async answered(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
    });
  }
}
