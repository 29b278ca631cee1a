/** SQL without its comments; all else stays where it is. */
export const withoutComments = (sql: string): string =>
  sql
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/--[^\n]*/g, (comment) => ' '.repeat(comment.length));

const NAME = '["`]?[a-z_][\\w$]*["`]?';
const TABLE = new RegExp(
  String.raw`\b(?:from|join|into|update|truncate(?:\s+table)?|table(?:\s+if\s+(?:not\s+)?exists)?|references)\s+` +
    String.raw`(?:only\s+)?((?:${NAME}\.)?${NAME})`,
  'gi',
);
const WORDS: ReadonlySet<string> = new Set([
  'select',
  'set',
  'only',
  'lateral',
  'unnest',
  'values',
  'nothing',
  'where',
  'skip',
  'of',
  'if',
  'jsonb_to_recordset',
]);

/** The tables that a text of SQL names, and where in it, without its own `with` tables. */
export function tablesAt(text: string): { readonly table: string; readonly offset: number }[] {
  const sql = withoutComments(text);
  const own = new Set(
    [...sql.matchAll(/\b([a-z_]\w*)\s*(?:\([^)]*\)\s*)?as\s*(?:not\s+)?(?:materialized\s*)?\(/gi)].map(([, name]) =>
      name!.toLowerCase(),
    ),
  );
  return [...sql.matchAll(TABLE)]
    .map(({ 1: name, index }) => ({ table: name!.replaceAll(/["`]/g, '').toLowerCase(), offset: index }))
    .filter(({ table }) => !own.has(table) && !WORDS.has(table));
}
