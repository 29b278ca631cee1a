import { type Doc, text, treeAt } from '../../model/yaml-tree.ts';
import { type DeclaredRoute, hostIn } from './declared-route.ts';

interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  readonly block?: readonly Directive[];
}

export const isOfNginx = (path: string): boolean => /\.(conf|nginx)(\.(template|tmpl|tpl|erb|j2))?$/.test(path);

const AUTHENTICATES = /^(auth_request|auth_jwt\w*|auth_basic|auth_digest|oauth2_\w+|ssl_verify_client)$/;

/** The locations of nginx that hand requests on, with what is asked and limited there or around. */
export function routesOfNginx(file: string, content: string): DeclaredRoute[] {
  if (!/\bproxy_pass\b/.test(content)) return [];
  const all = parse(content);
  const http = all.find(({ name }) => name === 'http')?.block ?? all;
  const hosts = new Map(
    http.flatMap(({ name, args, block }) =>
      name === 'upstream' ? [[args[0] ?? '', block?.find((one) => one.name === 'server')?.args[0] ?? ''] as const] : [],
    ),
  );
  return http
    .filter(({ name, block }) => name === 'server' && block)
    .flatMap((server) => locationsIn(server.block!, [server.block!, http]).flatMap(routeOf));

  function routeOf({ location, around }: Location): DeclaredRoute[] {
    const own = location.block ?? [];
    const pass = own.find(({ name }) => name === 'proxy_pass' || name === 'grpc_pass' || name === 'uwsgi_pass');
    if (!pass || own.some(({ name }) => name === 'internal')) return [];
    const scopes = [own, ...around];
    const written = hostIn(settled(pass.args[0] ?? '', scopes));
    return [
      {
        gateway: 'nginx',
        file,
        line: location.line,
        path: pathIn(location.args),
        host: hostIn((hosts.get(written) ?? written).replace(/:\d+$/, '')),
        hasAuthentication: isOn(scopes, AUTHENTICATES) || isProgrammed(scopes),
        hasRateLimit: scopes.some((scope) => scope.some(({ name }) => name === 'limit_req' || name === 'limit_conn')),
      },
    ];
  }
}

/** Settings of nginx that Kubernetes mounts as files; a block of YAML begins on the line after its key. */
export const routesOfConfigMaps = (resources: readonly Doc[]): DeclaredRoute[] =>
  resources
    .filter(({ value }) => value['kind'] === 'ConfigMap')
    .flatMap(({ file, value, lineOf }) =>
      Object.entries(treeAt(value, ['data'])).flatMap(([key, content]) =>
        routesOfNginx(file, text(content)).map((route) => ({ ...route, line: lineOf(['data', key]) + route.line })),
      ),
    );

interface Location {
  readonly location: Directive;
  readonly around: readonly (readonly Directive[])[];
}

function locationsIn(block: readonly Directive[], around: Location['around']): Location[] {
  return block
    .filter(({ name }) => name === 'location')
    .flatMap((location) => [
      { location, around },
      ...locationsIn(location.block ?? [], [location.block ?? [], ...around]),
    ]);
}

/** The nearest scope that says something of it counts; `off` is no policy. */
function isOn(scopes: readonly (readonly Directive[])[], kind: RegExp): boolean {
  const said = scopes.map((scope) => scope.filter(({ name }) => kind.test(name))).find((found) => found.length > 0);
  return said?.some(({ args }) => args[0] !== 'off') ?? false;
}

const isProgrammed = (scopes: readonly (readonly Directive[])[]): boolean =>
  scopes.some((scope) => scope.some(({ name }) => /^(access_by_lua|js_access)/.test(name)));

/** `set $orders http://order-service:3000;` */
function settled(value: string, scopes: readonly (readonly Directive[])[]): string {
  const name = /\$\{?(\w+)\}?/.exec(value)?.[1];
  const set = scopes.flat().find((one) => one.name === 'set' && one.args[0] === `$${name}`);
  return set ? (set.args[1] ?? value) : value.replaceAll(/\$\{?(\w+)\}?/g, '$1');
}

const pathIn = (args: readonly string[]): string =>
  (args.at(-1) ?? '/')
    .replace(/^\^/, '')
    .replace(/\$$/, '')
    .replaceAll(/\(\.\*\)|\(\/\.\*\)\?|\(\/\|\$\)/g, '');

const TOKEN = /#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[;{}]|(?:\$\{\w+\}|[^\s;{}"'])+|\n/g;

/** Directives and blocks: nginx's grammar has nothing else. */
function parse(content: string): readonly Directive[] {
  const top: Directive[] = [];
  const open: Directive[][] = [top];
  let [words, line, start]: [string[], number, number] = [[], 1, 1];
  for (const [token] of content.matchAll(TOKEN)) {
    if (token === '\n') line += 1;
    else if (token.startsWith('#')) continue;
    else if (token === '}') {
      if (open.length > 1) open.pop();
      words = [];
    } else if (token === ';' || token === '{') {
      const [name = '', ...args] = words;
      const block: Directive[] | undefined = token === '{' ? [] : undefined;
      open.at(-1)!.push({ name, args, line: start, ...(block && { block }) });
      if (block) open.push(block);
      words = [];
    } else {
      if (words.length === 0) start = line;
      words.push(token.replaceAll(/^["']|["']$/g, ''));
      line += token.split('\n').length - 1;
    }
  }
  return top;
}
