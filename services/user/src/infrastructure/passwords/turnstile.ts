import { DomainError } from '@ashlar/domain';

/** Lets few in at a time; the others wait in line, and whoever finds the line too long is sent away. */
export class Turnstile {
  #inside = 0;
  readonly #line: (() => void)[] = [];

  constructor(private readonly size: { readonly inside: number; readonly waiting: number }) {}

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.size.inside) await this.#wait();
    else this.#inside++;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(): Promise<void> {
    if (this.#line.length >= this.size.waiting) {
      throw new DomainError('busy', 'unavailable', 'Too many passwords are being checked; try again.');
    }
    return new Promise((resolve) => this.#line.push(resolve));
  }

  /** The place goes to the next in line, if there is one. */
  #leave(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#inside--;
  }
}
