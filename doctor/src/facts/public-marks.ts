import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { perSystem, type System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { classAround, contains, decoratorsOf, nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isLeftOutBy } from './nest-middlewares.ts';
import { isOpenByNature } from './open-paths.ts';
import { AUTHENTICATION } from './policy-kinds.ts';
import { resolverRoutes } from './resolver-routes.ts';
import { type Route, routesIn } from './routes.ts';

/** A route of Nest that says that it is public, and what does not go with that. */
export interface PublicFault {
  readonly part: Part;
  readonly route: Route;
  readonly kind: 'role' | 'caller' | 'change';
}

const PUBLIC = /^(is_?)?public(route|api)?$|anonymous|^(skip|no|without)_?auth|unauthenticated/i;
const ROLES = /^(require_?)?(roles?|scopes?|permissions?)(allowed|required)?$/i;
const CALLER = /^(current_?)?(user|owner|principal|identity|account|customer)(_?id)?$/i;
const GUARDS = /guard|auth(?!or)|signature|hmac|api_?key|captcha/i;

/** Of gateways: marks that take a route out of what guards all, where it still needs to know who asks. */
export const publicFaults = perSystem((system: System): readonly PublicFault[] =>
  system.gateways.flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      [...(routesIn(system).get(file) ?? []), ...resolverRoutes(file)].flatMap((route) => {
        const isLeftOut = isLeftOutBy(system, { part, ...route }, AUTHENTICATION);
        const kind = faultOf(system, route, { callers: callersIn(system, part), isLeftOut });
        return kind ? [{ part, route, kind }] : [];
      }),
    ),
  ),
);

interface Known {
  /** Under which names a request brings along who asks. */
  readonly callers: ReadonlySet<string>;
  /** Whether a middleware is told to leave the route out. */
  readonly isLeftOut: boolean;
}

function faultOf(
  system: System,
  { file, handler, method, path }: Route,
  { callers, isLeftOut }: Known,
): PublicFault['kind'] | undefined {
  const member = handler && file.parentOf(handler);
  if (member?.type !== 'MethodDefinition') return undefined;
  const holder = classAround(file, member);
  const [own, around] = [decoratorsOf(member), holder ? decoratorsOf(holder) : []];
  const [isMarked, isAllMarked] = [own, around].map((all) => all.some(({ name }) => PUBLIC.test(name)));
  if (!isLeftOut && !isMarked && !isAllMarked) return undefined;
  // What a class asks of all its routes, one of them may be taken out of.
  const asked = isAllMarked && !isMarked ? [...own, ...around] : own;
  if (asked.some(({ name }) => ROLES.test(name))) return 'role';
  if (knowsCaller(system, file, { handler: handler!, callers })) return 'caller';
  const isGuarded = [...own, ...around].some(({ node, name }) => !PUBLIC.test(name) && GUARDS.test(file.textOf(node)));
  return /^(PUT|PATCH|DELETE)$/.test(method) && !isGuarded && !isOpenByNature(path) ? 'change' : undefined;
}

const LEAVES = /\breq(?:uest)?\.(?!(?:headers|body|query|params|cookies|id|log|raw)\b)(\w+)\s*=(?!=)/g;

/** Under which names the guards of a part leave on a request who has signed in: `request.learner = …`. */
const callersIn = (system: System, part: Part): ReadonlySet<string> =>
  new Set([
    'user',
    ...system
      .closureOf(part)
      .map(({ lines }) => lines.join('\n'))
      .filter((text) => /\bcanActivate\b|\bNestMiddleware\b/.test(text))
      .flatMap((text) => [...text.matchAll(LEAVES)].map(([, name]) => name!)),
  ]);

/** A decorator of this repository that reads who asks: `createParamDecorator((_, context) => … .user)`. */
function readsCaller(
  { program }: System,
  { file, node, callers }: { readonly file: ParsedFile; readonly node: Node; readonly callers: ReadonlySet<string> },
): boolean {
  const given = node.type === 'Decorator' ? unwrap(node.expression) : node;
  const made = valueNode(program, file, given.type === 'CallExpression' ? (given.callee as Node) : given);
  const call = made?.node.type === 'CallExpression' ? made.node : undefined;
  if (!made || !call || pathOf(call.callee).at(-1) !== 'createParamDecorator') return false;
  return made.file
    .all('MemberExpression')
    .some((one) => contains(call, one) && !one.optional && callers.has(nameOf(one.property as Node) ?? ''));
}

/** `@Viewer() viewer?: User`: who is told also of those who have not signed in. */
function mayBeNobody(file: ParsedFile, decorator: Node): boolean {
  const parameter = file.parentOf(decorator);
  const text = parameter ? file.textOf(parameter) : '';
  return /^[^:]*\w\?\s*:|\|\s*(undefined|null)\b|\b(undefined|null)\s*\|/.test(
    text.replace(file.textOf(decorator), ''),
  );
}

/** `@Owner() owner`, `req.user.id`: what nobody has who has not signed in. */
const knowsCaller = (
  system: System,
  file: ParsedFile,
  { handler, callers }: { readonly handler: Node; readonly callers: ReadonlySet<string> },
): boolean =>
  file.all('Decorator').some((one) => contains(handler, one) && CALLER.test(pathOf(one.expression as Node).at(-1)!)) ||
  file
    .all('Decorator')
    .some(
      (one) => contains(handler, one) && !mayBeNobody(file, one) && readsCaller(system, { file, node: one, callers }),
    ) ||
  file.all('MemberExpression').some((one) => {
    if (!contains(handler, one) || one.optional || one.object.type !== 'MemberExpression') return false;
    const [request = '', who = ''] = pathOf(one.object);
    return /^req(uest)?$/.test(request) && callers.has(who) && nameOf(one.property) !== undefined;
  });
