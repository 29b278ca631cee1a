import { isTree, type Tree, text } from '../../model/yaml-tree.ts';
import { type DeclaredRoute, declaredFile, hostIn, listAt } from './declared-route.ts';

const AUTHENTICATES = /(^|-)(jwt\w*|key-auth\w*|basic-auth|hmac-auth|ldap-auth\w*|oauth2\S*|openid-connect|mtls-auth)$/;
const LIMITS = /rate-?limiting/;

export const isOfKong = (path: string): boolean => /(^|\/)kong[^/]*(\/[^/]+)?\.ya?ml$/.test(path);

/** The routes of Kong's declarative files, with the plugins of the route, of its service and of all. */
export function routesOfKong(file: string, content: string): DeclaredRoute[] {
  const found = /^_format_version:/m.test(content) ? declaredFile(content) : undefined;
  if (!found) return [];
  const { root, lineAt } = found;
  const bound = listAt(root, 'plugins');
  const global = bound.filter((one) => !['service', 'route', 'consumer'].some((key) => key in one));
  const of = (kind: string, owner: Tree): Tree[] => [
    ...listAt(owner, 'plugins'),
    ...bound.filter((one) => one[kind] !== undefined && nameIn(one[kind]) === text(owner['name'])),
  ];
  return listAt(root, 'services').flatMap((service, at) =>
    listAt(service, 'routes').flatMap((route, index) => {
      const plugins = [...global, ...of('service', service), ...of('route', route)].filter(
        ({ enabled }) => enabled !== false,
      );
      const has = (pattern: RegExp): boolean => plugins.some(({ name }) => pattern.test(text(name)));
      const asks = plugins.some(({ name, config }) => AUTHENTICATES.test(text(name)) && !letsIn(config));
      const methods = [route['methods'] ?? []].flat().map((one) => text(one));
      const isPublic = methods.length > 0 && methods.every((one) => READS.test(one)) && isTagged(route);
      const policy = { hasAuthentication: asks, hasRateLimit: has(LIMITS), methods, isPublic };
      const line = lineAt('services', at, 'routes', index);
      const host = hostIn(text(service['url'] ?? service['host'] ?? service['name']));
      const told = { gateway: 'kong', file, line, host, ...policy };
      return [route['paths']].flat().map((path) => ({ ...told, path: text(path) }));
    }),
  );
}

const READS = /^(GET|HEAD|OPTIONS)$/;

/** Whoever brings no token is let in as this consumer. */
const letsIn = (config: unknown): boolean => isTree(config) && text(config['anonymous']) !== '';

const isTagged = ({ tags }: Tree): boolean =>
  [tags ?? []].flat().some((one) => /^(public|anonymous|open)/i.test(text(one)));

const nameIn = (given: unknown): string => (isTree(given) ? text(given['name']) : text(given));
