export { type Clock, systemClock } from './clock.ts';
export { DomainError, type Fault } from './domain-error.ts';
export type { Freshness, LogPosition } from './freshness.ts';
export { type Ids, isUuid, UuidV7Ids } from './ids.ts';
export { currencyMismatch, type Money, sum, times } from './money.ts';
export type { Sealed } from './sealed.ts';
export { type Chance, type Stop, systemChance, systemTimers, type Timers } from './timers.ts';
export type { Transactions } from './transactions.ts';
