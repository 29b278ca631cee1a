import type { Gap } from './bus.ts';
import type { OutboxRow } from './message.ts';

/** So many rows behind a position. */
export interface Page {
  readonly after: number;
  readonly limit: number;
}

/** Messages of a channel that were published and are no longer kept. */
export interface Missing {
  readonly channel: string;
  readonly keys: number;
  readonly messages: number;
}

/** The rows of a service's outbox, as its publisher sees them; those of a page in the order of their positions. */
export interface OutboxRows {
  /** Rows that are not marked as published, and at least so old. */
  unpublished(page: Page, ageMs: number): Promise<OutboxRow[]>;
  /** Whatever is still kept of a channel. */
  ofChannel(channel: string, page: Page): Promise<OutboxRow[]>;
  /** Whatever was published to a channel within so much time. */
  publishedWithin(ms: number, channel: string, page: Page): Promise<OutboxRow[]>;
  /** Whatever was said since then, published or not. */
  since(time: Date, page: Page): Promise<OutboxRow[]>;
  countSince(time: Date): Promise<number>;
  /** What was once said and has been dropped. */
  missing(): Promise<Missing[]>;
  /** The first that are still kept of a gap, in the order of their sequences. */
  ofLine(gap: Gap, limit: number): Promise<OutboxRow[]>;
  /** The lowest sequence of a line, from this one on, that is still kept. */
  floorOf(gap: Pick<Gap, 'channel' | 'key' | 'from'>): Promise<number | undefined>;
  markPublished(positions: readonly number[]): Promise<void>;
  /** Drops so many rows, at most, that were published so long ago; answers how many. Writers do not wait. */
  purge(retentionMs: number, limit: number): Promise<number>;
}
