const CHUNK = 1 << 16;

type Numbers = Uint8Array | Uint32Array | Float64Array;

/** Numbers in chunks: it grows without copying, and a number takes what its type takes. */
export class Column {
  readonly #chunks: Numbers[] = [];

  constructor(private readonly make: (length: number) => Numbers) {}

  set(row: number, value: number): void {
    const chunk = row >>> 16;
    this.#chunks[chunk] ??= this.make(CHUNK);
    this.#chunks[chunk][row & (CHUNK - 1)] = value;
  }

  get(row: number): number {
    return this.#chunks[row >>> 16]![row & (CHUNK - 1)]!;
  }
}

export const words = (): Column => new Column((length) => new Uint32Array(length));
export const doubles = (): Column => new Column((length) => new Float64Array(length));

const DIGITS = 1 << 16;

/**
 * The rows from 0 on in the order of a column, and of `compare` where that is equal: by counting its digits of 16 bits
 * from the lowest one on (Knuth, The Art of Computer Programming, 5.2.5), since a sort that compares needs several
 * times the memory of what it sorts.
 */
export function rowsInOrder(size: number, by: Column, compare: (one: number, other: number) => number): Uint32Array {
  let rows = new Uint32Array(size);
  let sorted = new Uint32Array(size);
  for (let row = 0; row < size; row++) rows[row] = row;
  for (const shift of [0, 16]) {
    const places = new Uint32Array(DIGITS + 1);
    const digitOf = (row: number): number => (by.get(row) >>> shift) & (DIGITS - 1);
    for (const row of rows) places[digitOf(row) + 1]! += 1;
    for (let digit = 0; digit < DIGITS; digit++) places[digit + 1]! += places[digit]!;
    for (const row of rows) sorted[places[digitOf(row)]!++] = row;
    [rows, sorted] = [sorted, rows];
  }
  let start = 0;
  for (let at = 1; at <= size; at++) {
    if (at < size && by.get(rows[start]!) === by.get(rows[at]!)) continue;
    if (at - start > 1) rows.subarray(start, at).sort(compare);
    start = at;
  }
  return rows;
}
