/** Ends a timer. */
export type Stop = () => void;

/** Where waiting comes from: the system's timers in production, virtual ones under simulation. */
export interface Timers {
  once(ms: number, work: () => void): Stop;
  /** Runs `work` again and again, never twice at a time; its failures go to `onError`. */
  every(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): Stop;
}

/** None of these keeps the process alive. */
export const systemTimers: Timers = {
  once(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
  every(ms, work, onError) {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      work()
        .catch(onError)
        .finally(() => {
          running = false;
        });
    }, ms).unref();
    return () => clearInterval(timer);
  },
};

/** A number in [0, 1), like `Math.random`; seeded under simulation. */
export type Chance = () => number;

export const systemChance: Chance = Math.random;
