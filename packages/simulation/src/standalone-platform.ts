import { setImmediate as turn } from 'node:timers/promises';
import type { OutboxRow } from '@ashlar/messaging';
import type { FaultRates } from './faults.ts';
import { NO_FAULTS } from './faults.ts';
import { Instance } from './instance.ts';
import { type SimulatedPlatform, simulatedPlatform } from './simulated-platform.ts';
import { StoredService } from './stored-service.ts';
import { World } from './world.ts';

export interface StandalonePlatform extends SimulatedPlatform {
  readonly instance: Instance;
  /** The outbox rows of each transaction, once it was known to be committed. */
  readonly committed: (readonly OutboxRow[])[];
  /** Another instance on what this one keeps, as a replica would be, or its successor. */
  another(): StandalonePlatform;
  /** Lets so many milliseconds of the world's time pass. */
  passes(ms: number): Promise<void>;
}

export interface StandaloneOptions {
  readonly seed?: number;
  /** None by default. */
  readonly faults?: Partial<FaultRates>;
}

/**
 * For tests of adapters: an instance of a service on memory, without bus and consumers, in a world that goes on until
 * the test has ended. Its time passes only by what the test does.
 */
export function aSimulatedPlatform(
  t: { after(work: () => void): void },
  { seed = 1, faults = {} }: StandaloneOptions = {},
): StandalonePlatform {
  const world = new World({ seed, faults: { ...NO_FAULTS, ...faults } });
  let isOver = false;
  const goOn = async () => {
    while (!isOver) {
      await world.run(() => isOver, Number.POSITIVE_INFINITY);
      await turn();
    }
  };
  void goOn();
  t.after(() => {
    isOver = true;
  });
  const stored = new StoredService();
  let count = 0;
  const make = (): StandalonePlatform => {
    const committed: (readonly OutboxRow[])[] = [];
    const forget = () => stored.locks.forget(instance);
    const instance = new Instance(world, `stage#${++count}`, { died: forget, sessionsEnded: forget });
    const platform = simulatedPlatform({ instance, stored, onCommitted: (rows) => void committed.push(rows) });
    return { ...platform, instance, committed, another: make, passes: (ms) => world.pass(ms) };
  };
  return make();
}
