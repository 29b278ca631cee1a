import type { TransactionOptions } from '@ashlar/postgres';
import type { SimulatedPlatform } from './simulated-platform.ts';
import { aSimulatedPlatform } from './standalone-platform.ts';

/** For the suites of a service's repositories: their stages on memory. */
export const onMemory =
  <Repository>(make: (platform: SimulatedPlatform) => Repository) =>
  async (t: { after(work: () => void): void }) => {
    const platform = aSimulatedPlatform(t);
    return {
      repository: make(platform),
      elsewhere: make(platform.another()),
      transaction: <T>(work: () => Promise<T>, options?: TransactionOptions) =>
        platform.work.transaction(work, options),
      told: () => platform.committed.flat().map(({ type }) => type),
    };
  };
