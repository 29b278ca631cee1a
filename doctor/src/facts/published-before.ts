import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Limits, limitsOfKeywords } from './limits.ts';
import { bound, type Shape } from './shapes.ts';

/** A schema as it was published, and where that is written down. */
export interface PublishedBefore {
  readonly name: string;
  readonly shape: Shape;
  readonly file: string;
  /** The field of its data by which its messages were in order. */
  readonly key?: string;
  /** The addresses that it travelled on. */
  readonly channels?: readonly string[];
}

/** Whether the record is a folder of AsyncAPI documents, which others make, and not a file of ours. */
export const isMadeByOthers = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** What was published: a file that `--write-contracts` has made, or the AsyncAPI documents of a folder. */
export function publishedBefore(path: string): readonly PublishedBefore[] {
  if (!isMadeByOthers(path)) {
    const shapes = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Shape>>;
    return Object.entries(shapes).map(([name, shape]) => ({ name, shape, file: path }));
  }
  const files = readdirSync(path).filter((file) => file.endsWith('.asyncapi.json'));
  const all = files.sort().flatMap((file) => messagesIn(join(path, file)));
  return [...new Map(all.map((one) => [one.name, one])).values()];
}

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

interface AsyncApi {
  readonly channels?: Readonly<
    Record<string, { readonly address?: string; readonly messages?: Readonly<Record<string, unknown>> }>
  >;
  readonly components?: {
    readonly messages?: Readonly<Record<string, { readonly payload?: JsonSchema; readonly 'x-key'?: string }>>;
  };
}

/** In an envelope the payload has the data of the message; without one it is them. */
function messagesIn(file: string): PublishedBefore[] {
  const { channels, components } = JSON.parse(readFileSync(file, 'utf8')) as AsyncApi;
  const addresses = Object.entries(channels ?? {}).map(([name, { address = name, messages = {} }]) => ({
    address,
    names: Object.keys(messages),
  }));
  return Object.entries(components?.messages ?? {}).map(([name, { payload = {}, 'x-key': key }]) => ({
    name,
    shape: shapeIn(payload.properties?.['data'] ?? payload),
    file,
    ...(key !== undefined && { key: key.split('/').at(-1)! }),
    channels: addresses.flatMap(({ address, names }) => (names.includes(name) ? [address] : [])),
  }));
}

export function shapeIn(schema: JsonSchema): Shape {
  const { type, anyOf, items, properties, required = [] } = schema;
  if ('const' in schema) return { kind: 'value', type: JSON.stringify(schema.const) };
  if (anyOf) return { kind: 'choice', of: anyOf.map(shapeIn) };
  if (type === 'array') return bound({ kind: 'list', of: items ? shapeIn(items) : { kind: 'open' } }, limitsIn(schema));
  if (type === undefined) return { kind: 'open' };
  if (type !== 'object') return bound({ kind: 'value', type }, limitsIn(schema));
  const entries = Object.entries(properties ?? {}).map(
    ([name, inner]) => [name, { shape: shapeIn(inner), optional: !required.includes(name) }] as const,
  );
  return { kind: 'object', properties: Object.fromEntries(entries) };
}

const limitsIn = (schema: JsonSchema): Limits => limitsOfKeywords(schema as Readonly<Record<string, unknown>>);
