export interface Tree {
  readonly [key: string]: unknown;
}

/** A YAML document, and where its values are. */
export interface Doc {
  readonly file: string;
  readonly value: Tree;
  lineOf(path: readonly (string | number)[]): number;
}

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const text = (value: unknown): string =>
  Array.isArray(value) ? value.map(text).join(' ') : value === undefined || value === null ? '' : String(value);

export function treeAt(value: Tree, path: readonly string[]): Tree {
  let at: unknown = value;
  for (const key of path) at = isTree(at) ? at[key] : undefined;
  return isTree(at) ? at : {};
}

export function numberAt(value: Tree, path: readonly string[]): number | undefined {
  const found = treeAt(value, path.slice(0, -1))[path.at(-1)!];
  return typeof found === 'number' ? found : undefined;
}
