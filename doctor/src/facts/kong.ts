import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { perSystem, type System } from '../model/system.ts';
import { isTree, type Tree, text } from '../model/yaml-tree.ts';

/** A route of a gateway that is configured, and not programmed. */
export interface DeclaredRoute {
  readonly gateway: string;
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly hasAuthentication: boolean;
  readonly hasRateLimit: boolean;
}

const AUTHENTICATES = /(^|-)(jwt\w*|key-auth\w*|basic-auth|hmac-auth|ldap-auth\w*|oauth2\S*|openid-connect|mtls-auth)$/;
const LIMITS = /rate-?limiting/;

/** The routes of Kong's declarative files, with the plugins of the route, of its service and of all. */
export const declaredRoutes = perSystem((system: System): readonly DeclaredRoute[] =>
  system.paths
    .filter((path) => /(^|\/)kong[^/]*(\/[^/]+)?\.ya?ml$/.test(path))
    .flatMap((path) => routesOf(path, readFileSync(join(system.root, path), 'utf8'))),
);

function routesOf(file: string, content: string): DeclaredRoute[] {
  if (!/^_format_version:/m.test(content)) return [];
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines });
  const root: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (!isTree(root)) return [];
  const lineAt = (...path: (string | number)[]): number => {
    const node = document.getIn(path, true) as { readonly range?: readonly number[] } | undefined;
    return node?.range ? lines.linePos(node.range[0]!).line : 1;
  };
  const bound = listAt(root, 'plugins');
  const global = bound.filter((one) => !['service', 'route', 'consumer'].some((key) => key in one));
  const of = (kind: string, owner: Tree): Tree[] => [
    ...listAt(owner, 'plugins'),
    ...bound.filter((one) => one[kind] !== undefined && text(one[kind]) === text(owner['name'])),
  ];
  return listAt(root, 'services').flatMap((service, at) =>
    listAt(service, 'routes').flatMap((route, index) => {
      const plugins = [...global, ...of('service', service), ...of('route', route)].filter(
        ({ enabled }) => enabled !== false,
      );
      const has = (pattern: RegExp): boolean => plugins.some(({ name }) => pattern.test(text(name)));
      const policy = { hasAuthentication: has(AUTHENTICATES), hasRateLimit: has(LIMITS) };
      const line = lineAt('services', at, 'routes', index);
      return [route['paths']].flat().map((path) => ({ gateway: 'kong', file, line, path: text(path), ...policy }));
    }),
  );
}

const listAt = (value: Tree, key: string): Tree[] => (Array.isArray(value[key]) ? value[key].filter(isTree) : []);
