import type { Stop } from '@ashlar/domain';

/** Where the bus has stored a message. */
export interface Receipt {
  readonly channel: string;
  /** Its number there. */
  readonly place: number;
  /** The message. */
  readonly id: string;
}

/** What a bus that stores messages tells of them: what it has answered for it may lose, with the power. */
export interface Custody {
  /** The newest message of each channel of a source that the bus has answered for, as far as this process knows. */
  newest(source: string): readonly Receipt[];
  holds(receipt: Receipt): Promise<boolean>;
  /** Called when the bus is lost from sight. */
  onDown(work: () => void): Stop;
  /** Called when the bus is back. */
  onUp(work: () => void): Stop;
  /** Called when something shows that the bus has lost messages, though it was never away. */
  onLoss(work: () => void): Stop;
}

export interface NotedReceipt extends Receipt {
  readonly number: number;
  readonly agoMs: number;
}

/** Receipts that are kept with the outbox. */
export interface Receipts {
  note(receipts: readonly Receipt[]): Promise<void>;
  /** The newest first. */
  all(): Promise<NotedReceipt[]>;
  forget(numbers: readonly number[]): Promise<void>;
  /** Drops those that are so old. */
  purge(ageMs: number): Promise<void>;
}
