import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Changes of a directory that can all be taken back. */
export class Changes {
  readonly #undo: (() => void)[] = [];

  constructor(private readonly root: string) {}

  /** A reader finds the old text or the new one, never a part. */
  write(path: string, text: string): void {
    const file = this.#room(path);
    const before = existsSync(file) ? readFileSync(file) : undefined;
    this.#undo.push(() => (before ? writeFileSync(file, before) : rmSync(file, { force: true })));
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  /** A link that is there is left from a service of that name, and leads to the same place. */
  link(path: string, target: string): void {
    const file = this.#room(path);
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) return;
    this.#undo.push(() => rmSync(file, { force: true }));
    symlinkSync(target, file, 'junction');
  }

  takeBack(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  /** Folders that were made go with all that has come into them. */
  #room(path: string): string {
    const file = join(this.root, path);
    const made = mkdirSync(dirname(file), { recursive: true });
    if (made) this.#undo.push(() => rmSync(made, { recursive: true, force: true }));
    return file;
  }
}
