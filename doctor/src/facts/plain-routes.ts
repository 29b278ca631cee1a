import type { Node } from 'oxc-parser';
import type { Origin } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, contains, isFunction, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Route } from './routes.ts';

const URLS = /^(url|pathname|path)$/;
const PROBE = /^\/(livez|readyz|healthz?|live|ready|health\/\w+)$/;
const CALL = /^(GET|HEAD|POST|PUT|PATCH|DELETE|ALL|\*)\s+(\/\S*)$/;

/** A server of Node itself: `if (request.url === '/livez') …`, `case '/livez':`, and tables of functions by path. */
export function plainRoutes(system: System, file: ParsedFile): Route[] {
  const isServed = callsIn(file).some((call) => isNodeServer(system.program.originOf(file, call.callee as Node)));
  // A step of a pipeline may answer probes far from the server itself.
  const compared = comparedRoutes(file).filter(({ path }) => isServed || PROBE.test(path));
  return [...compared, ...keyedRoutes(system, file, isServed)];
}

/** What a server of Node itself answers to whatever it has compared nothing with; one that says 404 answers nothing. */
export const restRoutes = (system: System, file: ParsedFile): Route[] =>
  callsIn(file).flatMap((call) => {
    const handler = (call.arguments as readonly Node[]).find(isFunction);
    if (!handler || !isNodeServer(system.program.originOf(file, call.callee as Node))) return [];
    const compared = comparedRoutes(file).filter((one) => one.handler && contains(handler, one.handler));
    const rest = compared.reduce((text, one) => text.replace(file.textOf(one.handler!), ''), file.textOf(handler));
    const answers = compared.length > 0 && /\.(end|writeHead|send)\(/.test(rest) && !/\b40[45]\b/.test(rest);
    return answers ? [routeTo(file, handler, { path: '/*', handler })] : [];
  });

function comparedRoutes(file: ParsedFile): Route[] {
  const isUrl = (node: Node): boolean => URLS.test(pathOf(node).at(-1)!);
  const route = (path: string | undefined, handler: Node | null | undefined, node: Node): Route[] =>
    path?.startsWith('/') ? [routeTo(file, node, { path, handler: handler ?? undefined })] : [];
  const compared = file.all('IfStatement').flatMap((node) =>
    partsOf(node.test).flatMap((test) => {
      if (test.type === 'BinaryExpression' && test.operator.startsWith('==')) {
        const [one, other] = [test.left as Node, test.right];
        const path = isUrl(one) ? nameOf(other) : isUrl(other) ? nameOf(one) : undefined;
        return route(path, node.consequent, test);
      }
      const isStart = test.type === 'CallExpression' && pathOf(test.callee).at(-1) === 'startsWith';
      const receiver = isStart && test.callee.type === 'MemberExpression' ? test.callee.object : undefined;
      return receiver && isUrl(receiver) ? route(nameOf((test as AnyCall).arguments[0]), node.consequent, test) : [];
    }),
  );
  const cases = file
    .all('SwitchStatement')
    .flatMap((node) =>
      isUrl(node.discriminant) ? node.cases.flatMap((one) => route(nameOf(one.test), one, one)) : [],
    );
  return [...compared, ...cases];
}

/** `{ 'GET /livez': live }`, and `{ '/livez': live }` beside the server. */
const keyedRoutes = ({ program }: System, file: ParsedFile, isServed: boolean): Route[] =>
  file.all('ObjectExpression').flatMap((table) =>
    table.properties.flatMap((entry) => {
      const key = entry.type === 'Property' ? nameOf(entry.key as Node) : undefined;
      if (key === undefined || entry.type !== 'Property') return [];
      const [, method = 'ALL', path = key] = CALL.exec(key) ?? [];
      if (!path.startsWith('/') || (path === key && !isServed)) return [];
      const handler = entry.value as Node;
      const answers = isFunction(handler) || program.originOf(file, handler).kind === 'functions';
      return answers ? [{ ...routeTo(file, entry, { path, handler }), method: method.replace('*', 'ALL') }] : [];
    }),
  );

const routeTo = (file: ParsedFile, node: Node, { path, handler }: Pick<Route, 'path' | 'handler'>): Route => ({
  file,
  line: file.lineAt(node.start),
  method: 'ALL',
  path: path.replace(/(.)\/$/, '$1'),
  handler,
  before: [],
  options: undefined,
});

const isNodeServer = (origin: Origin): boolean =>
  origin.kind === 'external' &&
  /^node:https?2?$/.test(origin.module) &&
  /^create(Secure)?Server$/.test(origin.path.at(-1) ?? '');

/** The conditions that `&&` and `||` join. */
const partsOf = (test: Node): Node[] =>
  test.type === 'LogicalExpression' ? [...partsOf(test.left), ...partsOf(test.right)] : [test];
