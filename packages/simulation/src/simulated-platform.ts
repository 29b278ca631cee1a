import type { Clock, Ids, Timers } from '@ashlar/domain';
import type { Jobs } from '@ashlar/jobs';
import type { Outbox, OutboxRow } from '@ashlar/messaging';
import type { Instance } from './instance.ts';
import { MemoryJobs } from './memory/memory-jobs.ts';
import { MemoryOutbox } from './memory/memory-messages.ts';
import { MemoryWork } from './memory/memory-work.ts';
import type { StoredService } from './stored-service.ts';
import type { World } from './world.ts';

/** What an instance of a service is made of. */
export interface SimulatedPlatform {
  readonly world: World;
  readonly stored: StoredService;
  readonly work: MemoryWork;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly jobs: Jobs;
  /** A call to the world outside: it may fail, or be late, whether or not it had its effect. */
  outside<T>(what: string, effect: () => T): Promise<T>;
}

export interface PlatformOptions {
  readonly instance: Instance;
  readonly stored: StoredService;
  /** Gets the outbox rows of each transaction once it is known to be committed. */
  readonly onCommitted: (rows: readonly OutboxRow[]) => void;
}

export function simulatedPlatform({ instance, stored, onCommitted }: PlatformOptions): SimulatedPlatform {
  const { world, clock, timers } = instance;
  const work = new MemoryWork({ instance, locks: stored.locks });
  const ids = { next: () => world.nextId() };
  const outbox = new MemoryOutbox({ work, stored: stored.messages, clock, ids, onCommitted });
  const jobs = new MemoryJobs(work, stored.jobs);
  return { world, stored, work, outbox, clock, ids, timers, jobs, outside: outsideOf(instance) };
}

const OUTSIDE_MS = { usual: 40, late: 5_000 };

const outsideOf =
  (instance: Instance) =>
  async <T>(what: string, effect: () => T): Promise<T> => {
    const { world } = instance;
    const isIll = world.faults.strikes('outside');
    const isDone = !isIll || world.random.happens(0.5);
    const result = await instance.call(what, () => (isDone ? { value: effect() } : undefined));
    await instance.pass(world.random.next() * (isIll ? OUTSIDE_MS.late : OUTSIDE_MS.usual));
    if (isIll || !result) throw new Error(`${what}: there was no clear answer.`);
    return result.value;
  };
