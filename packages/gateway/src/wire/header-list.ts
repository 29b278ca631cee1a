/** Header fields in their order, as a flat list of lower-case names and values. */
export class HeaderList {
  constructor(readonly flat: string[] = []) {}

  static of(fields: Readonly<Record<string, string>>): HeaderList {
    const list = new HeaderList();
    for (const name in fields) list.append(name.toLowerCase(), fields[name]!);
    return list;
  }

  /** The value; several fields of one name are one list (RFC 9110, section 5.3). */
  get(name: string): string | undefined {
    const { flat } = this;
    let found: string | undefined;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) found = found === undefined ? flat[at + 1] : `${found}, ${flat[at + 1]}`;
    }
    return found;
  }

  has(name: string): boolean {
    const { flat } = this;
    for (let at = 0; at < flat.length; at += 2) if (flat[at] === name) return true;
    return false;
  }

  count(name: string): number {
    const { flat } = this;
    let count = 0;
    for (let at = 0; at < flat.length; at += 2) if (flat[at] === name) count += 1;
    return count;
  }

  append(name: string, value: string): void {
    this.flat.push(name, value);
  }

  /** Replaces all fields of the name by one. */
  set(name: string, value: string): void {
    this.delete(name);
    this.flat.push(name, value);
  }

  delete(name: string): void {
    const { flat } = this;
    for (let at = flat.length - 2; at >= 0; at -= 2) if (flat[at] === name) flat.splice(at, 2);
  }

  copy(): HeaderList {
    return new HeaderList(this.flat.slice());
  }

  /** As they go over the wire. */
  lines(): string {
    const { flat } = this;
    let text = '';
    for (let at = 0; at < flat.length; at += 2) text += `${flat[at]}: ${flat[at + 1]}\r\n`;
    return text;
  }

  *names(): Iterable<string> {
    for (let at = 0; at < this.flat.length; at += 2) yield this.flat[at]!;
  }
}

const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether a value of our own making can be written as it is: a line break would begin another field. */
export const isFieldValue = (value: string): boolean => !FORBIDDEN_IN_VALUE.test(value);
