/** A piece of work that gives up when its signal is aborted. */
export type Work<T> = (signal: AbortSignal) => Promise<T>;

/** A rule about how work is run. The signal is that of whoever asks for the work. */
export type Policy = <T>(work: Work<T>, signal?: AbortSignal) => Promise<T>;

const direct: Policy = async (work, signal = new AbortController().signal) => work(signal);

/** One policy out of several, outside-in: the first one named decides last. */
export function compose(...policies: readonly Policy[]): Policy {
  return policies.reduceRight<Policy>(
    (inner, outer) =>
      <T>(work: Work<T>, signal?: AbortSignal) =>
        outer<T>((own) => inner<T>(work, own), signal),
    direct,
  );
}

/** Settles as the work does, or at once with the signal's reason: work that ignores its signal is left behind. */
export function untilAborted<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const abandon = (): void => reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    direct(work, signal)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abandon));
  });
}
