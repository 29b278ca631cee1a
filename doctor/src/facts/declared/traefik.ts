import type { Deployment } from '../../model/deployment.ts';
import { isTree, type Tree, text } from '../../model/yaml-tree.ts';
import { type DeclaredRoute, declaredFile, hostIn } from './declared-route.ts';

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

/** The middlewares of labels and of files, also as a chain of others. */
export function middlewaresOf(deployments: readonly Deployment[], contents: readonly string[]): Policies {
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
      ? [treeIn(middleware, kind)['middlewares']].flat().map((inner) => `chain ${plainName(text(inner))}`)
      : [kind],
  );

const treeIn = (value: Tree, key: string): Tree => {
  const found = value[key];
  return isTree(found) ? found : {};
};
