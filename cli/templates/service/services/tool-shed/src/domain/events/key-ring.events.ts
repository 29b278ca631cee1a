import type { KeyRingState } from '../entities/key-ring.entity.ts';

/** What happened, and how it is since. */
export interface KeyRingEvent {
  readonly type: 'KeyRingCreated' | 'KeyRingChanged' | 'KeyRingArchived';
  readonly keyRing: KeyRingState;
}
