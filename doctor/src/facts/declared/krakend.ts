import { isTree, type Tree, text } from '../../model/yaml-tree.ts';
import { type DeclaredRoute, declaredFile, hostIn, listAt } from './declared-route.ts';

export const isOfKrakend = (path: string): boolean => /(^|\/)krakend[^/]*(\/[^/]+)?\.json$/.test(path);

const AUTHENTICATES = /^(auth\/(validator|api-keys|basic|gcp|ntlm)|github\.com\/\S*jose\/validator)$/;
const LIMITS = /^(qos\/ratelimit\/\w+|github\.com\/\S*ratelimit\/\S+)$/;

/** The endpoints of KrakenD, with what their configuration, or that of all, adds. */
export function routesOfKrakend(file: string, content: string): DeclaredRoute[] {
  const found = declaredFile(content);
  if (!found || !('endpoints' in found.root)) return [];
  const { root, lineAt } = found;
  return listAt(root, 'endpoints').map((endpoint, at) => {
    const backends = listAt(endpoint, 'backend');
    const configs = [configOf(root), configOf(endpoint), ...backends.map(configOf)];
    const has = (pattern: RegExp): boolean =>
      configs.some((config) => Object.entries(config).some(([key, value]) => pattern.test(key) && isSet(value)));
    const host = [backends[0]?.['host'] ?? root['host']].flat()[0];
    return {
      gateway: 'krakend',
      file,
      line: lineAt('endpoints', at),
      path: text(endpoint['endpoint']),
      host: hostIn(text(host)),
      hasAuthentication: has(AUTHENTICATES),
      hasRateLimit: has(LIMITS),
    };
  });
}

const configOf = (owner: Tree): Tree => (isTree(owner['extra_config']) ? owner['extra_config'] : {});

const isSet = (value: unknown): boolean => value !== null && value !== false;
