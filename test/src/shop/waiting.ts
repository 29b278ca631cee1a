import { setTimeout as pause } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;
/** A machine that is slow, or busy with other things, is no fault: what must be quick says so itself. */
const PATIENCE_MS = 60_000;

/** Waits until the condition holds, and says which one never did. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await pause(LOOK_AGAIN_MS);
  }
}

/** Waits until there is something, and answers it. */
export async function found<T>(what: string, look: () => Promise<T | undefined>, withinMs?: number): Promise<T> {
  let thing: T | undefined;
  await eventually(
    what,
    async () => {
      thing = await look();
      return thing !== undefined;
    },
    withinMs,
  );
  return thing!;
}

/** Runs `work` for 0 … count − 1, so many at a time. */
export async function inParallel<T>(workers: number, count: number, work: (at: number) => Promise<T>): Promise<T[]> {
  const results: T[] = new Array(count);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++) results[at] = await work(at);
  };
  await Promise.all(Array.from({ length: Math.min(workers, count) }, worker));
  return results;
}
