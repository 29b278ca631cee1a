const EVERY_MS = 200;
const LENGTH = 24;

/** How far a large file, or many files, are read, on one line of standard error; nothing where nobody looks. */
export class ReadingProgress {
  readonly #began = performance.now();
  #drawn = 0;
  #hasDrawn = false;

  constructor(
    private readonly title: string,
    private readonly unit: Unit,
  ) {}

  show(read: number, total: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#began < EVERY_MS || now - this.#drawn < EVERY_MS) return;
    this.#drawn = now;
    this.#hasDrawn = true;
    process.stderr.write(
      `\r\x1b[K${progressLine(this.title, { read, total, unit: this.unit, seconds: (now - this.#began) / 1_000 })}`,
    );
  }

  end(): void {
    if (this.#hasDrawn) process.stderr.write('\r\x1b[K');
    this.#hasDrawn = false;
  }
}

export type Unit = 'MB' | 'files';

export interface Progress {
  readonly unit: Unit;
  readonly read: number;
  readonly total: number;
  readonly seconds: number;
}

/** `Reading traces ██████░░░░ 60 %  600 of 1,000 MB, 8 s to go` */
export function progressLine(title: string, { read, total, unit, seconds }: Progress): string {
  const share = total === 0 ? 1 : Math.min(1, read / total);
  const filled = Math.round(share * LENGTH);
  const told = (count: number): string => Math.round(unit === 'MB' ? count / 1e6 : count).toLocaleString('en-US');
  const left = share === 0 ? '' : `, ${Math.ceil((seconds / share) * (1 - share))} s to go`;
  const bar = `${'█'.repeat(filled)}${'░'.repeat(LENGTH - filled)}`;
  return `${title} ${bar} ${Math.floor(share * 100)} %  ${told(read)} of ${told(total)} ${unit}${left}`;
}
