import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');

/** A measurement that is only to show that it runs. */
export const isQuick = process.argv.includes('--quick');

const endings = new AsyncDisposableStack();

/** Ends a thing when the measurement has ended, however that comes about; the last one first. */
export function atEnd(end: () => unknown): void {
  endings.defer(async () => void (await end()));
}

/** A directory of its own beside the data of `npm start`: on the same disk, so that an fsync costs the same. */
export function workDirectory(): string {
  const path = mkdtempSync(join(root, '.ashlar-bench-'));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a measurement; servers and directories go with it. */
export async function measure(work: () => Promise<void>): Promise<never> {
  const { promise: asked, resolve } = Promise.withResolvers<'stop'>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.on(signal, () => resolve('stop'));
  let code = 0;
  try {
    if ((await Promise.race([work(), asked])) === 'stop') code = 130;
  } catch (error) {
    console.error(error);
    code = 1;
  }
  // What still runs fails when its server goes away: nobody wants to know.
  process.on('unhandledRejection', () => {});
  await endings.disposeAsync();
  process.exit(code);
}
