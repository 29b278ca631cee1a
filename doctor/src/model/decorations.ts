import type { Node } from 'oxc-parser';
import { nameOf, pathOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type Origin, UNKNOWN } from './origin.ts';
import type { Origins } from './origins.ts';
import type { Sources } from './sources.ts';

interface Decoration {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** What plugins of Fastify's own hang on a server, and the library that it is of. */
const PLUGINS: ReadonlyMap<string, readonly [plugin: string, module: string, path: string]> = new Map([
  ['pg', ['@fastify/postgres', 'pg', 'Pool']],
  ['mysql', ['@fastify/mysql', 'mysql2', 'createPool']],
  ['mongo', ['@fastify/mongodb', 'mongodb', 'MongoClient']],
  ['redis', ['@fastify/redis', 'ioredis', 'Redis']],
]);

/** How a server of Fastify is called, where nothing tells what it is. */
const SERVER = /^(app|fastify|server|instance|scope|api|f)$/;

/** What is hung on a server of Fastify, and asked of it elsewhere: `app.decorate('bus', bus)`, `app.bus.publish(…)`. */
export class Decorations {
  #byName: ReadonlyMap<string, readonly Decoration[]> | undefined;

  constructor(
    private readonly sources: Sources,
    private readonly origins: Origins,
  ) {}

  /** What a server has under a name; nothing where it is no server, or two of them are as near. */
  memberOf(file: ParsedFile, server: { readonly node: Node; readonly origin: Origin }, name: string): Origin {
    if (!isServer(server)) return UNKNOWN;
    const found = this.nearest(file, name);
    if (found) return this.origins.originOf(found.file, found.node);
    const known = PLUGINS.get(name);
    if (!known) return UNKNOWN;
    const [plugin, module, path] = known;
    const isUsed = this.sources.files.some(({ imports }) => imports.some(({ specifier }) => specifier === plugin));
    return isUsed ? { kind: 'external', module, path: [path] } : UNKNOWN;
  }

  /** The decoration of that name that is nearest by its folder: each service has its own. */
  nearest(file: ParsedFile, name: string): Decoration | undefined {
    this.#byName ??= decorationsIn(this.sources.files);
    const all = this.#byName.get(name) ?? [];
    const depths = all.map((one) => nearness(one.file.path, file.path));
    const best = Math.max(...depths);
    const near = all.filter((_, index) => depths[index] === best);
    return near.length === 1 ? near[0] : undefined;
  }
}

const isServer = ({ node, origin }: { readonly node: Node; readonly origin: Origin }): boolean =>
  (origin.kind === 'external' && origin.module === 'fastify') ||
  (origin.kind === 'unknown' && SERVER.test(pathOf(node).at(-1)!));

const nearness = (one: string, other: string): number => {
  const [parts, others] = [one.split('/'), other.split('/')];
  const at = parts.findIndex((part, index) => part !== others[index]);
  return at < 0 ? parts.length : at;
};

function decorationsIn(files: readonly ParsedFile[]): ReadonlyMap<string, Decoration[]> {
  const all = files.flatMap((file) =>
    file.all('CallExpression').flatMap((call) => {
      const [given, node] = call.arguments as readonly Node[];
      const name = nameOf(given);
      return pathOf(call.callee).at(-1) === 'decorate' && given?.type === 'Literal' && name && node
        ? [{ name, file, node }]
        : [];
    }),
  );
  return groupBy(all, ({ name }) => name);
}
