import { ConcurrencyError, type UnitOfWork } from '@ashlar/postgres';
import { deposited } from './event-store.fixtures.ts';
import type { EventStore, ExpectedVersion, ReadOptions } from './event-store.ts';

/** The events of one service, and nobody else who is at them. */
export interface EventStage {
  readonly work: UnitOfWork;
  readonly store: EventStore;
  /** The same events, as another process sees them. */
  another(): EventStage;
  /** Lets so many milliseconds pass for everything that is kept. */
  passes(ms: number): Promise<void>;
}

type Given = Pick<EventStage, 'store'>;

export const append = ({ store }: Given, stream: string, given: { expected: ExpectedVersion; amounts: number[] }) =>
  store.append({ stream, expected: given.expected, events: given.amounts.map(deposited) });
export const amounts = async ({ store }: Given, stream = 'a', options: ReadOptions = {}) =>
  (await store.read(stream, options)).map(({ data }) => (data as { amount: number }).amount);
export const conflict = (actualVersion: number | undefined) => (error: unknown) =>
  error instanceof ConcurrencyError && error.actualVersion === actualVersion;
