/** Nothing under way. */
export const EMPTY = 0;

/**
 * The messages under way from one to another, in their order; each such list has a number. None is there twice: whoever
 * hears the same again must not be moved by it, and so need not be brought it again.
 */
export class Lines {
  readonly #lists: (readonly string[])[] = [[]];
  readonly #ids = new Map([['', EMPTY]]);

  of(id: number): readonly string[] {
    return this.#lists[id]!;
  }

  /** The list with one more at its end. */
  with(id: number, type: string): number {
    const list = this.of(id);
    return list.includes(type) ? id : this.#id([...list, type]);
  }

  withoutFirst(id: number): number {
    return this.#id(this.of(id).slice(1));
  }

  only(id: number, isWanted: (type: string) => boolean): number {
    const list = this.of(id);
    return list.every(isWanted) ? id : this.#id(list.filter(isWanted));
  }

  #id(list: readonly string[]): number {
    const key = list.join('\n');
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#lists.push(list);
    this.#ids.set(key, this.#lists.length - 1);
    return this.#lists.length - 1;
  }
}
