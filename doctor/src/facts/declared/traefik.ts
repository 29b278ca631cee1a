import type { Deployment } from '../../model/deployment.ts';
import { type Doc, isTree, type Tree, text, treeAt } from '../../model/yaml-tree.ts';
import { type DeclaredRoute, declaredFile, hostIn, listAt } from './declared-route.ts';

export const isOfTraefik = (path: string): boolean => /(^|\/)traefik[^/]*(\/.*)?\.ya?ml$/.test(path);

const AUTHENTICATES = /^(forwardauth|basicauth|digestauth|jwt|oidc|plugin)$/i;
const LIMITS = /^(ratelimit|inflightreq)$/i;

interface Policies {
  /** The kinds of a middleware, by its name. */
  kindsOf(name: string): readonly string[];
}

const plainName = (name: string): string => name.trim().replace(/@\w+$/, '');

/** What a router names, and what a chain of middlewares stands for. */
function policyOf({ kindsOf }: Policies, names: readonly string[]) {
  const kinds = names.map(plainName).flatMap(kindsOf);
  return {
    hasAuthentication: kinds.some((kind) => AUTHENTICATES.test(kind)),
    hasRateLimit: kinds.some((kind) => LIMITS.test(kind)),
  };
}

const pathIn = (rule: string): string => /Path(?:Prefix|Regexp)?\(\s*[`"']([^`"']+)/.exec(rule)?.[1] ?? '/';

/** The routers that containers ask for by their labels. */
export function routesOfLabels(deployments: readonly Deployment[], known: Policies): DeclaredRoute[] {
  const entry = deployments.flatMap(({ command }) =>
    [...command.matchAll(/--entrypoints\.\w+\.http\.middlewares=(\S+)/gi)].flatMap(([, names]) => names!.split(',')),
  );
  return deployments.flatMap(({ name: host, file, labels, labelsLine: line }) => {
    if (text(labels['traefik.enable']) === 'false') return [];
    return routersIn(labels).map(([name, rule]) => {
      const used = text(labels[`traefik.http.routers.${name}.middlewares`]).split(',');
      return { gateway: 'traefik', file, line, path: pathIn(rule), host, ...policyOf(known, [...used, ...entry]) };
    });
  });
}

const routersIn = (labels: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(labels).flatMap(([key, rule]): [string, string][] => {
    const name = /^traefik\.http\.routers\.([\w-]+)\.rule$/.exec(key)?.[1];
    return name === undefined || /api@internal/.test(text(labels[`traefik.http.routers.${name}.service`]))
      ? []
      : [[name, rule]];
  });

/** The routers of a file of dynamic configuration. */
export function routesOfTraefik(file: string, content: string, known: Policies): DeclaredRoute[] {
  const found = declaredFile(content);
  if (!found) return [];
  const http = treeIn(found.root, 'http');
  const services = treeIn(http, 'services');
  return Object.entries(treeIn(http, 'routers')).flatMap(([name, router]) => {
    if (!isTree(router) || /@internal/.test(text(router['service']))) return [];
    const balancer = treeIn(treeIn(services, plainName(text(router['service']))), 'loadBalancer');
    const [server] = [balancer['servers']].flat();
    return [
      {
        gateway: 'traefik',
        file,
        line: found.lineAt('http', 'routers', name),
        path: pathIn(text(router['rule'])),
        host: hostIn(isTree(server) ? text(server['url']) : plainName(text(router['service']))),
        ...policyOf(known, [router['middlewares'] ?? []].flat().map(text)),
      },
    ];
  });
}

/** The routes that Kubernetes is told for Traefik: those that only hand on, all of them, are no gateway. */
export function routesOfIngressRoutes(resources: readonly Doc[], known: Policies): DeclaredRoute[] {
  const all = resources
    .filter(({ value }) => value['kind'] === 'IngressRoute')
    .flatMap(({ file, value, lineOf }) =>
      listAt(treeAt(value, ['spec']), 'routes').flatMap((route, index) =>
        listAt(route, 'services').map((service) => ({
          gateway: 'traefik',
          file,
          line: lineOf(['spec', 'routes', index]),
          path: pathIn(text(route['match'])),
          host: text(service['name']),
          ...policyOf(
            known,
            listAt(route, 'middlewares').map((one) => text(one['name'])),
          ),
        })),
      ),
    );
  return all.some(({ hasAuthentication, hasRateLimit }) => hasAuthentication || hasRateLimit) ? all : [];
}

export interface Told {
  readonly deployments: readonly Deployment[];
  readonly contents: readonly string[];
  readonly resources: readonly Doc[];
}

/** The middlewares of labels, of files and of Kubernetes, also as a chain of others. */
export function middlewaresOf({ deployments, contents, resources }: Told): Policies {
  const kinds = new Map<string, string[]>();
  const add = (name: string, kind: string): unknown => kinds.set(name, [...(kinds.get(name) ?? []), kind]);
  for (const [key, value] of deployments.flatMap(({ labels }) => Object.entries(labels))) {
    const [, name, kind] = /^traefik\.http\.middlewares\.([\w-]+)\.(\w+)/.exec(key) ?? [];
    if (!name || !kind) continue;
    if (kind === 'chain') for (const one of value.split(',')) add(name, `chain ${plainName(one)}`);
    else add(name, kind);
  }
  for (const content of contents) {
    const middlewares = treeIn(treeIn(declaredFile(content)?.root ?? {}, 'http'), 'middlewares');
    for (const [name, one] of Object.entries(middlewares)) {
      for (const kind of isTree(one) ? kindsIn(one) : []) add(name, kind);
    }
  }
  for (const { value } of resources.filter((one) => one.value['kind'] === 'Middleware')) {
    const name = text(treeAt(value, ['metadata'])['name']);
    for (const kind of kindsIn(treeIn(value, 'spec'))) add(name, kind);
  }
  const kindsOf = (name: string, depth = 0): string[] =>
    (kinds.get(name) ?? []).flatMap((kind) =>
      kind.startsWith('chain ') ? (depth < 4 ? kindsOf(kind.slice(6), depth + 1) : []) : [kind],
    );
  return { kindsOf };
}

/** What a middleware is, and which others one that is a chain of them names. */
const kindsIn = (middleware: Tree): string[] =>
  Object.keys(middleware).flatMap((kind) =>
    kind === 'chain'
      ? [treeIn(middleware, kind)['middlewares']]
          .flat()
          .map((inner) => `chain ${plainName(text(isTree(inner) ? inner['name'] : inner))}`)
      : [kind],
  );

const treeIn = (value: Tree, key: string): Tree => {
  const found = value[key];
  return isTree(found) ? found : {};
};
