import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

const NEWLINE = 0x0a;
const CLOSED = -1;

/**
 * What was done, a line each, in order. A line is with the operating system before anybody is answered, so that it
 * outlives the process that wrote it; it is not synced, so it may not outlive the machine.
 */
export class Journal<Entry> {
  readonly #file: string;
  #descriptor: number;
  #size: number;

  private constructor(file: string, size: number) {
    this.#file = file;
    this.#size = size;
    this.#descriptor = openSync(file, 'a');
  }

  /** What the file holds, and the journal that goes on from there. A last line that was torn by a kill is dropped. */
  static open<Entry>(file: string, log: (line: string) => void): { journal: Journal<Entry>; entries: Entry[] } {
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    const size = bytes.lastIndexOf(NEWLINE) + 1;
    if (size < bytes.length) {
      log(`${file}: the last line was torn and is dropped`);
      truncateSync(file, size);
    }
    const entries: Entry[] = [];
    for (let start = 0; start < size; ) {
      const end = bytes.indexOf(NEWLINE, start);
      const entry = parse<Entry>(bytes.toString('utf8', start, end));
      if (entry) entries.push(entry);
      else log(`${file}: the line at byte ${start} cannot be read and is skipped`);
      start = end + 1;
    }
    return { journal: new Journal<Entry>(file, size), entries };
  }

  append(entry: Entry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    let written = 0;
    try {
      while (written < line.length) written += writeSync(this.#descriptor, line, written);
    } catch (error) {
      // Half a line, say on a full disk, would spoil the next one.
      if (written > 0) ftruncateSync(this.#descriptor, this.#size);
      throw error;
    }
    this.#size += line.length;
  }

  /** Replaces everything by what is still of interest, at once. */
  compact(entries: readonly Entry[]): void {
    const next = `${this.#file}.next`;
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    writeFileSync(next, text);
    renameSync(next, this.#file);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, 'a');
    this.#size = Buffer.byteLength(text);
  }

  /** A request that is still under way must not write into whatever gets this descriptor next. */
  close(): void {
    if (this.#descriptor !== CLOSED) closeSync(this.#descriptor);
    this.#descriptor = CLOSED;
  }
}

function parse<Entry>(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
