import { isTree, type Tree, text } from '../../model/yaml-tree.ts';
import { type DeclaredRoute, declaredFile, hostIn } from './declared-route.ts';

export const isOfExpressGateway = (path: string): boolean => /(^|\/)gateway\.config\.ya?ml$/.test(path);

const AUTHENTICATES = /^(jwt|key-auth|basic-auth|oauth2(-introspect)?)$/;

/** The pipelines of Express Gateway: each hands what comes to its endpoints through its policies, in their order. */
export function routesOfExpressGateway(file: string, content: string): DeclaredRoute[] {
  const found = declaredFile(content);
  const { root, lineAt } = found ?? {};
  if (!root || !lineAt || !isTree(root['pipelines'])) return [];
  const endpoints = isTree(root['apiEndpoints']) ? root['apiEndpoints'] : {};
  const services = isTree(root['serviceEndpoints']) ? root['serviceEndpoints'] : {};
  return Object.entries(root['pipelines']).flatMap(([name, pipeline]) => {
    if (!isTree(pipeline)) return [];
    const policies = [pipeline['policies']].flat().filter((one) => isTree(one));
    const used = policies.flatMap((one) => Object.keys(one));
    const proxy = policies.find((one) => 'proxy' in one);
    const policy = {
      hasAuthentication: used.some((one) => AUTHENTICATES.test(one)),
      hasRateLimit: used.includes('rate-limit'),
    };
    const host = hostIn(addressOf(services, proxy));
    return [pipeline['apiEndpoints']].flat().flatMap((endpoint) =>
      pathsOf(endpoints[text(endpoint)]).map((path) => ({
        gateway: 'express-gateway',
        file,
        line: lineAt('pipelines', name),
        path,
        host,
        ...policy,
      })),
    );
  });
}

/** `proxy: [{ action: { serviceEndpoint: orders } }]`, whose address is told beside. */
function addressOf(services: Tree, proxy: Tree | undefined): string {
  const action = [proxy?.['proxy']].flat().find((one) => isTree(one) && isTree(one['action']));
  const name = text(isTree(action) && isTree(action['action']) ? action['action']['serviceEndpoint'] : '');
  const service = services[name];
  return isTree(service) ? text(service['url']) : name;
}

const pathsOf = (endpoint: unknown): string[] =>
  [endpoint].flat().flatMap((one) => (isTree(one) ? [one['paths'] ?? '/'].flat().map(text) : []));
