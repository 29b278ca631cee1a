import { UnavailableError } from './unavailable-error.ts';

export interface Protection<Args extends readonly unknown[], F> {
  readonly fallback: (error: UnavailableError, ...args: Args) => F | Promise<F>;
}

/** The same function, with another way out when the dependency is unavailable. Any other error is thrown as before. */
export function protect<Args extends readonly unknown[], T, F>(
  work: (...args: Args) => Promise<T>,
  { fallback }: Protection<Args, F>,
): (...args: Args) => Promise<T | F> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      return fallback(error, ...args);
    }
  };
}
