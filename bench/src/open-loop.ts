import { setTimeout as pause } from 'node:timers/promises';

/** An open loop: operations begin at a steady rate, whether or not those before them have ended; resolves with all. */
export async function openLoop(
  { perSecond, forMs }: { readonly perSecond: number; readonly forMs: number },
  operation: (number: number) => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  const count = Math.round((forMs * perSecond) / 1_000);
  const running: Promise<unknown>[] = [];
  for (let number = 0; number < count; number++) {
    const waitMs = began + (number * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await pause(waitMs);
    running.push(operation(number));
  }
  await Promise.all(running);
}
