import { KeyRingError } from '../errors/key-ring.errors.ts';
import type { KeyRingEvent } from '../events/key-ring.events.ts';

export type KeyRingStatus = 'active' | 'archived';

export interface KeyRingDetails {
  readonly name: string;
}

export interface KeyRingDraft extends KeyRingDetails {
  readonly id: string;
  readonly ownerId: string;
}

export interface KeyRingState extends KeyRingDraft {
  readonly status: KeyRingStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Counts the changes, from 1; the present one included. */
  readonly version: number;
}

/** It belongs to one user, who tells it from the others by its name. An archived one stays as it is. */
export class KeyRing {
  readonly #events: KeyRingEvent[] = [];
  readonly #loadedVersion: number;

  private constructor(private current: KeyRingState) {
    this.#loadedVersion = current.version;
  }

  static create({ id, ownerId, ...details }: KeyRingDraft, at: Date): KeyRing {
    const state = {
      id,
      ownerId,
      ...tidy(details),
      status: 'active',
      createdAt: at,
      updatedAt: at,
      version: 0,
    } as const;
    const keyRing = new KeyRing(state);
    keyRing.#become({}, { type: 'KeyRingCreated', at });
    return keyRing;
  }

  static restore(state: KeyRingState): KeyRing {
    return new KeyRing(state);
  }

  get state(): KeyRingState {
    return this.current;
  }

  /** What is the same as before is no change, and nobody is told of it. */
  change(changes: Partial<KeyRingDetails>, at: Date): void {
    const { id, status } = this.current;
    if (status === 'archived') throw KeyRingError.archived(id);
    const next = tidy({ ...this.current, ...changes });
    if (next.name !== this.current.name) this.#become(next, { type: 'KeyRingChanged', at });
  }

  /** Takes it out of the list, and gives its name free; doing so again changes nothing. */
  archive(at: Date): void {
    if (this.current.status === 'archived') return;
    this.#become({ status: 'archived' }, { type: 'KeyRingArchived', at });
  }

  /** The events since it was loaded, handed over once. */
  takeEvents(): KeyRingEvent[] {
    return this.#events.splice(0);
  }

  #become(change: Partial<KeyRingState>, { type, at }: { type: KeyRingEvent['type']; at: Date }): void {
    this.current = { ...this.current, ...change, updatedAt: at, version: this.#loadedVersion + 1 };
    this.#events.push({ type, keyRing: this.current });
  }
}

const tidy = ({ name }: KeyRingDetails): KeyRingDetails => ({ name: name.trim() });
