export type Row = Readonly<Record<string, unknown>>;

/** Rows under their headings, each column as wide as its widest cell. */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  const cells = [columns.map((column) => column.toUpperCase()), ...rows.map((row) => columns.map((c) => cell(row[c])))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)));
  return cells
    .map((line) =>
      line
        .map((text, at) => text.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const LONGEST = 60;

/** Control characters would play tricks with a terminal. */
function cell(value: unknown): string {
  const text =
    value === undefined || value === null ? '-' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const plain = text.replaceAll(/\p{Cc}/gu, ' ');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}
