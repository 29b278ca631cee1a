/** Header fields in their order, as a flat list of lower-case names and values. */
export class HeaderList {
  readonly #flat: string[];
  /** The marks of all names that are there, and maybe of some that were. */
  #marks: number;

  constructor(flat: string[] = [], marks = 0) {
    this.#flat = flat;
    this.#marks = marks;
  }

  static of(fields: Readonly<Record<string, string>>): HeaderList {
    const list = new HeaderList();
    for (const name in fields) list.append(name.toLowerCase(), fields[name]!);
    return list;
  }

  static ofFlat(flat: readonly string[]): HeaderList {
    const list = new HeaderList();
    list.appendAll(flat);
    return list;
  }

  get flat(): readonly string[] {
    return this.#flat;
  }

  /** The value; several fields of one name are one list (RFC 9110, section 5.3). */
  get(name: string): string | undefined {
    if ((this.#marks & markOf(name)) === 0) return undefined;
    const flat = this.#flat;
    let found: string | undefined;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) found = found === undefined ? flat[at + 1] : `${found}, ${flat[at + 1]}`;
    }
    return found;
  }

  has(name: string): boolean {
    return this.count(name) > 0;
  }

  count(name: string): number {
    if ((this.#marks & markOf(name)) === 0) return 0;
    const flat = this.#flat;
    let count = 0;
    for (let at = 0; at < flat.length; at += 2) if (flat[at] === name) count += 1;
    return count;
  }

  append(name: string, value: string): void {
    this.#marks |= markOf(name);
    this.#flat.push(name, value);
  }

  appendAll(flat: readonly string[]): void {
    for (let at = 0; at < flat.length; at += 2) this.append(flat[at]!, flat[at + 1]!);
  }

  /** Replaces all fields of the name by one. */
  set(name: string, value: string): void {
    this.delete(name);
    this.append(name, value);
  }

  delete(name: string): void {
    if ((this.#marks & markOf(name)) === 0) return;
    const flat = this.#flat;
    for (let at = flat.length - 2; at >= 0; at -= 2) if (flat[at] === name) flat.splice(at, 2);
  }

  copy(): HeaderList {
    return new HeaderList(this.#flat.slice(), this.#marks);
  }

  /** As they go over the wire. */
  lines(): string {
    const flat = this.#flat;
    let text = '';
    for (let at = 0; at < flat.length; at += 2) text += `${flat[at]}: ${flat[at + 1]}\r\n`;
    return text;
  }

  *names(): Iterable<string> {
    for (let at = 0; at < this.#flat.length; at += 2) yield this.#flat[at]!;
  }
}

/**
 * One of 32 marks for each name. Most names that are asked for are not there, and their mark tells; the factors keep
 * those that are asked for apart from those that usually come.
 */
const markOf = (name: string): number =>
  1 << (name.length + 17 * name.charCodeAt(0) + 18 * name.charCodeAt(name.length - 1));

const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether a value of our own making can be written as it is: a line break would begin another field. */
export const isFieldValue = (value: string): boolean => !FORBIDDEN_IN_VALUE.test(value);
