import type { KeyRing, KeyRingStatus } from '../entities/key-ring.entity.ts';

export interface KeyRingFilter {
  readonly ownerId: string;
  readonly status: KeyRingStatus;
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: string;
}

/** An owner has no two active ones of the same name: the second is refused when it is saved. */
export interface KeyRingRepository {
  find(id: string): Promise<KeyRing | undefined>;

  /** The newest first. */
  list(filter: KeyRingFilter): Promise<KeyRing[]>;

  /** Stores it, if it has changed, and what there is to tell others in one transaction. */
  save(keyRing: KeyRing): Promise<void>;

  /** Nobody who has loaded one of them before brings it back. */
  removeAllOf(ownerId: string): Promise<void>;
}
