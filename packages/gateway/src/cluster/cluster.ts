import type { Verdict } from '../limits/limiter.ts';

/** A limit as all gateways count it. */
export interface ClusterLimit {
  readonly name: string;
  readonly shape: 'bucket' | 'window';
  readonly quota: number;
  readonly windowMs: number;
}

/** What one gateway has learned, and the others have to know. */
export type News =
  | { readonly kind: 'purge'; readonly tag: string }
  /** What is stored of this address has changed. */
  | { readonly kind: 'changed'; readonly key: string }
  /** News may have been lost: nothing that is stored can be believed. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'session-ended'; readonly sessionId: string }
  | { readonly kind: 'user-ended'; readonly userId: string; readonly atMs: number; readonly except?: string }
  | { readonly kind: 'role-changed'; readonly userId: string; readonly role: string; readonly atMs: number };

/** What there is among the shared answers of an address. */
export interface FoundAnswers {
  /** An answer that is asked for from now on is kept in the name of this moment: what changes later voids it. */
  readonly since: number;
  /** Its variants, each with how long it has been kept, in milliseconds. */
  readonly variants: readonly { readonly entry: Buffer; readonly keptMs: number }[];
}

export interface KeptAnswer {
  readonly entry: Buffer;
  readonly tags: readonly string[];
  /** What of the request chose it: it takes the place of the one with the same. */
  readonly variant: string;
  readonly since: number;
  readonly ttlMs: number;
}

/**
 * Answers that all gateways share, behind the memory of each. News of a purge or a change void what was asked for
 * before them, even when it is kept after them.
 */
export interface AnswerTier {
  /** Undefined when that cannot be told soon. */
  find(key: string): Promise<FoundAnswers | undefined>;
  /** Nobody waits for it, and it may be lost. */
  keep(key: string, answer: KeptAnswer): void;
}

/** What several gateways know together. None of this is waited for when it is away. */
export interface Cluster {
  /** Counts one request; undefined when that cannot be done soon: then each gateway counts for itself. */
  take(limit: ClusterLimit, key: string): Promise<Verdict | undefined>;
  /** Where stored answers are shared. */
  readonly answers?: AnswerTier;
  /** Tells the other gateways, and voids what they share. */
  tell(news: News): void;
  /** Called with what others tell. */
  listen(listener: (news: News) => void): void;
  close(): Promise<void>;
}
