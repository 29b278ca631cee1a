import type { Unknown } from '../model/system.ts';
import type { Model } from '../model.ts';

/** The eight items of the checklist and the four anti-patterns. */
export const CHECKLIST = {
  boundaries: 'Clear boundaries',
  'database-per-service': 'A database per service',
  gateway: 'An API gateway',
  'circuit-breakers': 'Circuit breakers',
  'event-driven': 'Event-driven communication',
  tracing: 'Distributed tracing',
  health: 'Health checks for all',
  scaling: 'Scaling out',
} as const;

export const ANTI_PATTERNS = {
  'distributed-monolith': 'Distributed monolith',
  'chatty-services': 'Chatty services',
  'shared-database': 'Shared database',
  'no-circuit-breakers': 'No circuit breakers',
} as const;

export type Item = keyof typeof CHECKLIST | keyof typeof ANTI_PATTERNS;
export type Severity = 'error' | 'warning';

/** Where a finding shows: a place in a file, or what was seen in traces, commits or a running system. */
export interface Evidence {
  readonly file?: string;
  readonly line?: number;
  readonly text: string;
}

/** A finding as a rule makes it. */
export interface Draft {
  /** The service, or the pair of them, that it is about. */
  readonly subject: string;
  readonly what: string;
  readonly evidence: readonly Evidence[];
  /** Where it differs from that of the rule. */
  readonly severity?: Severity;
  readonly mend?: string;
}

/** What a rule says: what it found, of whom it could say anything, and what it could not tell. */
export interface Judgement {
  readonly findings: readonly Draft[];
  readonly judged: readonly string[];
  readonly unknown: readonly Unknown[];
}

/** One rule; what it cannot judge it says, and never passes. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly items: readonly Item[];
  readonly severity: Severity;
  readonly why: string;
  readonly mend: string;
  judge(model: Model): Judgement;
}

export const NOTHING: Judgement = { findings: [], judged: [], unknown: [] };

export const merge = (...all: readonly Judgement[]): Judgement => ({
  findings: all.flatMap(({ findings }) => findings),
  judged: [...new Set(all.flatMap(({ judged }) => judged))],
  unknown: all.flatMap(({ unknown }) => unknown),
});
