export type Attributes = ReadonlyMap<string, string | number | boolean>;

export const first = (attributes: Attributes, names: readonly string[]): string => {
  for (const name of names) {
    const value = attributes.get(name);
    if (value !== undefined && value !== '') return String(value);
  }
  return '';
};
