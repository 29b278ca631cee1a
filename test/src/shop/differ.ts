/** Nothing, or how a thing is not what it should be. */
export const differ = (what: string, found: unknown, expected: unknown): string[] =>
  found === expected ? [] : [`${what} is ${String(found)}, and should be ${String(expected)}`];
