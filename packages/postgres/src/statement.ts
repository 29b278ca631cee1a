import { createHash } from 'node:crypto';
import pg, { type QueryConfig } from 'pg';

const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): unknown } }).utils;

const names = new Map<string, string>();

/** A statement that each connection plans once. */
export type Named = QueryConfig & { readonly name: string };

/**
 * A prepared, named statement: the name is the text's own hash, so that each connection plans each text once. The
 * values are encoded here, where an impossible one throws; `pg` would leave it out of the pipeline and run the rest.
 */
export function named(text: string, values: readonly unknown[] = []): Named {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha1').update(text).digest('base64url');
    names.set(text, name);
  }
  return { name, text, values: values.map((value) => prepareValue(value)) };
}
