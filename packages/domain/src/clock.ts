/** Where the time comes from: the system's clock in production, a virtual one under simulation. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
