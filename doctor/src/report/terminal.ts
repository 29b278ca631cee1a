/** What commands a terminal, and ends a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are left out
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours takes no place
const COLOUR = /\u001b\[\d+m/g;

/** The same, without what would command a terminal: names of services and queries are written by anybody. */
export const harmless = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_, one: unknown) =>
    typeof one === 'string' ? one.replaceAll(CONTROL, ' ') : one,
  ) as T;

const lengthOf = (text: string): number => text.replaceAll(COLOUR, '').length;

/** A line broken between its words; what follows stands below what the line says. */
export function folded(line: string, width: number): string {
  if (lengthOf(line) <= width) return line;
  const [head = ''] = /^ *((why|mend): +)?/.exec(line) ?? [];
  const indent = ' '.repeat(head.trim() === '' ? head.length + 4 : head.length);
  const lines: string[] = [];
  let current = head;
  for (const word of line.slice(head.length).split(' ')) {
    const longer = current.trim() === '' || current === head ? `${current}${word}` : `${current} ${word}`;
    if (lengthOf(longer) > width && current.trim() !== '' && current !== head) {
      lines.push(current.trimEnd());
      current = `${indent}${word}`;
    } else current = longer;
  }
  return [...lines, current].join('\n');
}
