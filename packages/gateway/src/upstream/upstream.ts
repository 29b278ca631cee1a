import type { BreakerOptions } from '@ashlar/resilience';
import type { HealthPolicy } from './replica-health.ts';

/** A service behind the gateway. */
export interface Upstream {
  readonly name: string;
  /** The addresses (origins) of the replicas that are ready now. */
  replicas(): readonly string[];
  /** How replicas that fail are left alone. */
  readonly health?: HealthPolicy;
  /** Leaves the whole service alone for a while when too many of its calls fail. */
  readonly breaker?: BreakerOptions;
  /** Where a circuit breaker can keep calls from a replica. */
  admits?(replica: string): boolean;
  /** Where a circuit breaker learns how calls end. */
  observed?(replica: string, outcome: Outcome): void;
}

export type Outcome = 'answered' | FailureKind;

/**
 * `unreachable`: nothing was sent. `reset`: sent, and the connection ended without an answer. `timeout`: no answer in
 * time. `silent`: no answer yet, and nothing else is heard of the replica. `broken`: an answer that is none, or only
 * half of one.
 */
export type FailureKind = 'unreachable' | 'reset' | 'timeout' | 'silent' | 'broken';

/** Why a service did not answer. What it says stays inside. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';

  constructor(
    readonly kind: FailureKind,
    cause?: unknown,
  ) {
    super(kind, { cause });
  }
}
