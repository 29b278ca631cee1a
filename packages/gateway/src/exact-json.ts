/** As the language has it since ES2026; its types do not yet. */
const Exact = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/** May be a number that JavaScript tells in another way than it was written. */
const DELICATE = /[\d.]{16}|\d[eE][-+]?\d|-0/;

/**
 * Reads JSON that is written again: its numbers come out as they went in, also ids of 64 bits, which a number of
 * JavaScript does not hold.
 */
export const parseExactly = (text: string): unknown =>
  DELICATE.test(text)
    ? Exact.parse(text, (_, value, { source }) =>
        typeof value === 'number' && source !== undefined && String(value) !== source ? Exact.rawJSON(source) : value,
      )
    : JSON.parse(text);

/** Something that has names and values, and is no number that was kept as it was written. */
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Exact.isRawJSON(value);
