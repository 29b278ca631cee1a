import type { Node } from 'oxc-parser';
import type { Entrance } from '../facts/gateways.ts';
import { believesTokens, letsAllThrough } from '../facts/open-guards.ts';
import { AUTHENTICATION } from '../facts/policy-kinds.ts';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { contains, functionsAround, nameOf, pathOf, property, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

const ROLES =
  /^(require|has|check|ensure|only)\w*(role|permission|scope|admin)|roles?(of|guard)?$|permissions?$|^authori[sz]e/i;

const nameOfStep = (node: Node): string => {
  const inner = node.type === 'CallExpression' || node.type === 'NewExpression' ? (node.callee as Node) : node;
  return pathOf(inner).at(-1)!;
};

/** A step that by its name asks for a role, and refuses nobody. */
export function openRoles(system: System, entrance: Entrance): Draft[] {
  const { part, file, line, method, path } = entrance;
  const steps = (entrance.steps ?? []).flatMap(guardsIn);
  const evidence = [{ file: file.path, line, text: `${method} ${path}` }];
  const open = steps.some(
    (node) =>
      ROLES.test(nameOfStep(node)) &&
      (isClass(system, file, node) ? saysYes(system, { file, node }) : letsAllThrough(system, { file, node })),
  );
  const asks = `${method} ${path} asks for a role, and lets in those without it`;
  if (open) return [{ subject: part.name, what: asks, evidence }];
  const believing =
    entrance.hasAuthentication &&
    steps.some((node) => AUTHENTICATION.test(nameOfStep(node)) && believesTokens(system, { file, node }));
  const believes = `${method} ${path} believes what a token says: nothing checks its signature`;
  return believing ? [{ subject: part.name, what: believes, evidence }] : [];
}

/** `@UseGuards(JwtGuard, RolesGuard)`, one by one. */
function guardsIn(node: Node): readonly Node[] {
  const call = node.type === 'Decorator' ? unwrap(node.expression) : undefined;
  if (node.type !== 'Decorator') return [node];
  return call?.type === 'CallExpression' && pathOf(call.callee).at(-1) === 'UseGuards'
    ? (call.arguments as readonly Node[])
    : [];
}

const isClass = ({ program }: System, file: ParsedFile, node: Node): boolean =>
  /^(class|instance)$/.test(program.originOf(file, node.type === 'NewExpression' ? (node.callee as Node) : node).kind);

/** Guards of roles that stand before all routes of a gateway of Nest. */
export const openRoleGuards = (system: System, part: Part): Draft[] =>
  system.filesOf(part).flatMap((file) =>
    globalGuards(file)
      .filter((node) => ROLES.test(nameOfStep(node)) && saysYes(system, { file, node }))
      .map((node) => {
        const line = file.lineAt(node.start);
        const what = `The guard of roles of ${part.name} lets in those without them`;
        return { subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] };
      }),
  );

const globalGuards = (file: ParsedFile): readonly Node[] => [
  ...callsIn(file)
    .filter((call) => pathOf(call.callee as Node).at(-1) === 'useGlobalGuards')
    .flatMap((call) => call.arguments as readonly Node[]),
  ...file.all('ObjectExpression').flatMap((node) => {
    const provide = property(node, 'provide');
    const guard = property(node, 'useClass') ?? property(node, 'useExisting');
    return guard && provide && file.textOf(provide) === 'APP_GUARD' ? [guard] : [];
  }),
];

const ASSERTS = /^(assert|check|require|ensure|enforce|verify|validate|authori[sz]e|demand|must|forbid|deny|throw)/i;

/** `assertPermitted(user, roles);` of a library, or what is waited for, whose answer nobody wants: it throws. */
const mayThrow = (file: ParsedFile, call: Node & { readonly callee: unknown }): boolean => {
  const parent = file.parentOf(call);
  const statement = parent?.type === 'AwaitExpression' ? file.parentOf(parent) : parent;
  const isAwaited = parent?.type === 'AwaitExpression';
  return statement?.type === 'ExpressionStatement' && (isAwaited || ASSERTS.test(pathOf(call.callee as Node).at(-1)!));
};

/** A guard of Nest that answers yes whatever it finds: all that it returns is `true`, and it throws nothing. */
function saysYes({ program }: System, { file, node }: { file: ParsedFile; node: Node }): boolean {
  const origin = program.originOf(file, node.type === 'NewExpression' ? (node.callee as Node) : node);
  if (origin.kind !== 'class' && origin.kind !== 'instance') return false;
  const asked = (origin.node.body.body as readonly Node[]).find(
    (member) => member.type === 'MethodDefinition' && nameOf(member.key as Node) === 'canActivate',
  );
  if (asked?.type !== 'MethodDefinition') return false;
  const returned = origin.file
    .all('ReturnStatement')
    .filter((one) => contains(asked.value, one) && functionsAround(origin.file, one)[0] === asked.value);
  const isThrown = origin.file.all('ThrowStatement').some((one) => contains(asked.value, one));
  const calls = callsIn(origin.file).filter((one) => contains(asked.value, one));
  const isHandedOn = calls.some(
    (call) => program.calleesOf({ file: origin.file, call }).length > 0 || mayThrow(origin.file, call),
  );
  return (
    returned.length > 0 &&
    !isThrown &&
    !isHandedOn &&
    returned.every(
      ({ argument }) =>
        argument && /^(true|Promise\.resolve\(true\)|of\(true\))$/.test(origin.file.textOf(argument as Node)),
    )
  );
}
