import type { WriteStream } from 'node:tty';

const REDRAW_MS = 100;
const TELL_MS = 5_000;

/** A line that is drawn again on a terminal; elsewhere one every few seconds. */
export class ProgressLine {
  #drawnAt = performance.now();
  #isDirty = false;

  constructor(
    private readonly out: Pick<WriteStream, 'write' | 'isTTY'>,
    private readonly text: () => string,
  ) {}

  moved(): void {
    this.#isDirty = true;
    if (performance.now() - this.#drawnAt >= (this.out.isTTY ? REDRAW_MS : TELL_MS)) this.#draw();
  }

  end(): void {
    if (this.#isDirty) this.#draw();
    if (this.out.isTTY) this.out.write('\n');
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    this.#isDirty = false;
    this.out.write(this.out.isTTY ? `\r\u001b[K${this.text()}` : `${this.text()}\n`);
  }
}
