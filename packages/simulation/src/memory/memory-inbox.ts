import { type Inbox, type Line, lineId, type Mark, NEW_LINE } from '@ashlar/messaging';
import { ConcurrencyError, RANK } from '@ashlar/postgres';
import type { StoredMessages } from './memory-messages.ts';
import type { Change, ChangeBuffer, MemoryWork } from './memory-work.ts';

export interface KeptMark extends Mark {
  readonly line: Line;
  readonly movedAt: number;
}

export class MemoryInbox implements Inbox {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredMessages,
    private readonly consumer: string,
  ) {}

  /** A line without a mark cannot be locked: of two who give it one, the second begins again. */
  async lock(lines: readonly Line[]): Promise<void> {
    const buffer = this.#buffer();
    const ids = [...new Set(lines.map((line) => this.#id(line)))].sort();
    const known = await this.work.read('locks its marks', () => ids.filter((id) => this.stored.marks.has(id)));
    await this.work.lock(known.map(rowOf));
    for (const line of lines) {
      const mark = this.stored.marks.get(this.#id(line));
      if (mark) buffer.locked(line, mark);
    }
  }

  mark(line: Line): Mark {
    return this.#buffer().get(line);
  }

  knows(line: Line): boolean {
    return this.#buffer().has(line);
  }

  set(line: Line, mark: Mark): void {
    this.#buffer().set(line, mark);
  }

  async read({ channel, key }: Pick<Line, 'channel' | 'key'>): Promise<number> {
    return this.work.read('reads a mark', () => {
      const ofLine = [...this.stored.marks].filter(
        ([id, { line }]) => id.startsWith(`${this.consumer}\n`) && line.channel === channel && line.key === key,
      );
      return Math.max(0, ...ofLine.map(([, { sequence }]) => sequence));
    });
  }

  async purge(idleMs: number): Promise<void> {
    await this.work.read('purges idle marks', () => {
      const latest = this.work.instance.world.now - idleMs;
      for (const [id, { movedAt, parked }] of this.stored.marks) {
        const isIdle = id.startsWith(`${this.consumer}\n`) && !parked && movedAt < latest;
        if (isIdle && !this.work.isLocked(rowOf(id))) this.stored.marks.delete(id);
      }
    });
  }

  #id(line: Line): string {
    return `${this.consumer}\n${lineId(line)}`;
  }

  #buffer(): MarksBuffer {
    return this.work.stage(
      this,
      () =>
        new MarksBuffer({ stored: this.stored, id: (line) => this.#id(line), now: () => this.work.instance.world.now }),
    );
  }
}

interface MarkEntry {
  readonly line: Line;
  readonly before: number | undefined;
  readonly mark: Mark;
  readonly isDirty: boolean;
}

interface MarksOptions {
  readonly stored: StoredMessages;
  readonly id: (line: Line) => string;
  readonly now: () => number;
}

class MarksBuffer implements ChangeBuffer {
  readonly rank = RANK.inbox;
  readonly name = 'inbox';
  #entries = new Map<string, MarkEntry>();

  constructor(private readonly options: MarksOptions) {}

  locked(line: Line, { sequence, parked, lastId = null, otherIds }: KeptMark): void {
    const mark = { sequence, parked, lastId, ...(otherIds && { otherIds }) };
    if (this.#entries.get(this.options.id(line))?.isDirty) return;
    this.#entries.set(this.options.id(line), { line, before: sequence, mark, isDirty: false });
  }

  get(line: Line): Mark {
    return this.#entries.get(this.options.id(line))?.mark ?? NEW_LINE;
  }

  has(line: Line): boolean {
    return this.#entries.has(this.options.id(line));
  }

  set(line: Line, mark: Mark): void {
    const id = this.options.id(line);
    this.#entries.set(id, { line, before: this.#entries.get(id)?.before, mark, isDirty: true });
  }

  mark(): unknown {
    return new Map(this.#entries);
  }

  restore(mark: unknown): void {
    this.#entries = new Map(mark as Map<string, MarkEntry>);
  }

  changes(): Change[] {
    const { stored, now } = this.options;
    return [...this.#entries].flatMap(([id, { line, before, mark, isDirty }]) => {
      if (!isDirty) return [];
      const check = () => {
        if (stored.marks.get(id)?.sequence !== before) throw new ConcurrencyError('The inbox');
      };
      return [{ row: rowOf(id), check, apply: () => void stored.marks.set(id, { ...mark, line, movedAt: now() }) }];
    });
  }
}

const rowOf = (id: string): string => `inbox\n${id}`;
