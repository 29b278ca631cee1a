import type { MessageContext } from '@ashlar/messaging';
import type { Stored } from '@ashlar/postgres';
import type { SagaState, SagaStatus, StepState } from './engine.ts';

/** A saga as it is stored; its key is that of the business object that it is about. */
export interface SagaRecord<S = unknown> {
  readonly sagaId: string;
  readonly name: string;
  /** The version of the definition that it started with, and keeps. */
  readonly definitionVersion: number;
  readonly style: 'orchestration' | 'choreography';
  readonly status: SagaStatus;
  /** In which context it began: what nobody asks of it, a time-out, follows from that. */
  readonly origin?: MessageContext;
  readonly progress: SagaState<S>;
}

/** A step as operators see it: one whose turn has not come stands as it does since the saga has begun. */
export type StepView = StepState & { readonly at: string };

export const stepViews = (steps: readonly StepState[], startedAt: Date): readonly StepView[] =>
  steps.map((step) => ({ ...step, at: step.at ?? startedAt.toISOString() }));

/** A saga as operators see it. */
export interface SagaView {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly style: string;
  readonly key: string;
  readonly status: SagaStatus;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly reason?: string;
  readonly error?: string;
  readonly steps: readonly StepView[];
}

/** How many sagas have not ended. */
export interface SagaCounts {
  /** On their way, forwards or back. */
  readonly running: number;
  readonly stuck: number;
}

export interface SagaFilter {
  readonly status?: string;
  readonly key?: string;
  readonly cursor?: string;
  readonly limit: number;
}

/**
 * The sagas of one name, kept where their service keeps everything else: stored with what they say, in one
 * transaction.
 */
export interface SagaStore {
  /** By their keys, as the ambient transaction sees them; loaded once. */
  findMany(keys: readonly string[]): Promise<Map<string, Stored<SagaRecord>>>;
  /** At the end of the transaction; a version that someone else has changed is a ConcurrencyError. */
  save(stored: Stored<SagaRecord>): Promise<void>;
  /** Keys of sagas whose deadline has passed by the database's clock, the most overdue first; a hundred at most. */
  due(): Promise<string[]>;
  /**
   * Whether the saga is still due in the version that this transaction has loaded. Not locked: aggregates are locked
   * before sagas, and whoever moves it in between is found out by the version.
   */
  isDue(key: string): Promise<boolean>;
  /** Lets one that could not be handled wait behind the others. */
  postpone(key: string, ms: number): Promise<void>;
  /** Lets deadlines that have passed begin anew: the participants were away as well, or could not be heard. */
  postponeDue(atMostMs: number): Promise<void>;
  /** Newest first. */
  list(filter: SagaFilter): Promise<SagaView[]>;
  view(id: string): Promise<SagaView | undefined>;
  counts(): Promise<SagaCounts>;
}
