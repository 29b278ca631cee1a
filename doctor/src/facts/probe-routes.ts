import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { contains, isFunction } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { entrances } from './gateways.ts';
import { isLeftOut } from './nest-modules.ts';
import { restRoutes } from './plain-routes.ts';
import { isReached } from './reached.ts';
import { type Route, routesIn } from './routes.ts';
import { usedFiles } from './used-files.ts';

const LIVE = new RegExp(
  '/(livez|live|liveness|alive|healthz|healthy|health|health-?check|heartbeat|ping|status|up|_health)' +
    '(/(live|liveness|alive|ping|check))?$',
  'i',
);
export const READY = /\/(readyz|ready|readiness|health\/(ready|readiness)|health[-_]ready)$/i;
export const BOTH = /\/(health|healthz|health-?check|health\/check|status|_health)$/i;

/** The routes by which a part answers supervisors and balancers. */
export interface Probes {
  readonly live: readonly Route[];
  readonly ready: readonly Route[];
  readonly answersHttp: boolean;
  /** Nothing of it answers over HTTP, as far as its code tells. */
  readonly isSilent: boolean;
}

export function probesOf(system: System, part: Part): Probes {
  const used = usedFiles(system, part);
  const files = system.closureOf(part).filter((file) => used.includes(file) || !isPlugin(system, file));
  const unused = new Set(files.filter((file) => isLeftOut(system, part, file)));
  const routes = files.filter((file) => !unused.has(file)).flatMap((file) => routesIn(system).get(file) ?? []);
  const isAnswered = ({ file, handler }: Route): boolean =>
    !handler || isReached(system, files, { file, node: handler });
  // What is asked of one thing, as `/orders/:id/status`, says nothing of the service.
  const gets = routes.filter(({ method, path }) => /^(GET|ALL|HEAD)$/.test(method) && !path.includes('/:'));
  const told = toldProbes(system, part);
  const rest = files.flatMap((file) => restRoutes(system, file)).slice(0, 1);
  const answersRest = (asked: ReadonlySet<string>): Route[] =>
    [...asked]
      .filter((path) => path.startsWith('/') && !gets.some((one) => one.path === path))
      .flatMap((path) => rest.map((one) => ({ ...one, path })));
  const probes = (pattern: RegExp, asked: ReadonlySet<string>): Route[] =>
    [...gets, ...answersRest(asked)].filter(
      (one) => (pattern.test(one.path) || asked.has(one.path)) && isAnswered(one),
    );
  const terminus = system
    .closureOf(part)
    .some((file) => file.imports.some(({ specifier }) => specifier === '@godaddy/terminus'));
  return {
    live: probes(LIVE, told.liveness),
    ready: probes(READY, told.readiness),
    answersHttp: (routes.length > 0 || entrances(system).some((one) => one.part === part)) && !terminus,
    isSilent: routes.length === 0 && !terminus,
  };
}

/** What its deployments ask says which route is which, where they ask two of them. */
function toldProbes(system: System, part: Part): Readonly<Record<'liveness' | 'readiness', ReadonlySet<string>>> {
  const all = system
    .deploymentsOf(part)
    .flatMap(({ probes }) => (probes.liveness === probes.readiness ? [] : [probes]));
  const paths = (kind: 'liveness' | 'readiness') => new Set(all.flatMap((one) => one[kind] ?? []));
  return { liveness: paths('liveness'), readiness: paths('readiness') };
}

/** A library's function without a name of its own: who does not take it does not have its routes. */
const isPlugin = (system: System, file: ParsedFile): boolean => {
  const given = system.partOf(file.path)?.kind === 'library' && system.program.scopesOf(file).defaultExport;
  const inner =
    given && given.type === 'CallExpression' ? (given.arguments[0] as Node | undefined) : given || undefined;
  return isFunction(inner);
};

/** A call of a probe: what that waits for, no request waits for. */
export const isOfProbe = (
  system: System,
  { file, node }: { readonly file: ParsedFile; readonly node: Node },
): boolean =>
  (routesIn(system).get(file) ?? []).some(
    ({ path, handler }) =>
      /(readyz?|livez?|healthz?|readiness|liveness)$/i.test(path) && handler && contains(handler, node),
  );
