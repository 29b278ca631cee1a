import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { contains, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { handlerOf, type Route } from './routes.ts';

/** Every call that answering a route leads to. */
export function callsOf(system: System, route: Route): readonly CallSite[] {
  const handler = handlerOf(system, route);
  return handler ? system.program.callsReachedFrom(handler) : [];
}

/** `items ? 200 : 503` */
const CHOOSES = /\?[^;]*\b5\d\d\b|\bif\b[^}]*\b5\d\d\b/;

/** Only where everything that the handler does can be read. */
export function asksNothing(system: System, route: Route): boolean {
  const handler = handlerOf(system, route);
  if (!handler) return false;
  if (!tellsItsPhase(handler.file, handler.node)) {
    if (readsFlag(handler.file, handler.node) || CHOOSES.test(handler.file.textOf(handler.node))) return false;
  }
  const calls = callsOf(system, route).filter(({ call }) => {
    const path = pathOf(call.callee as Node);
    const [given] = call.arguments as readonly Node[];
    if (path.at(-1) === 'check' && given?.type === 'ArrayExpression' && given.elements.length === 0) return false;
    return !new RegExp(
      '^(json|text|html|body|throw|send|status|sendStatus|end|code|type|header|set|uptime|Date|toISOString|now|' +
        String.raw`String|Number|stringify|write|writeHead|phase|isDraining|values|keys|entries|every|some|log|` +
        'debug|info|warn|error)$',
    ).test(path.at(-1)!);
  });
  return calls.length === 0;
}

const OF_PHASES = /phase|drain|closing|shutting|stopping|terminat/i;

/** All that it chooses by is whether its own process starts, runs or ends: it asks nobody. */
function tellsItsPhase(file: ParsedFile, node: Node): boolean {
  const own = file.textOf(node);
  if (/\bawait\b|\.then\(/.test(own) || !OF_PHASES.test(own)) return false;
  const inside = <N extends Node>(one: N): boolean => node.start <= one.start && one.end <= node.end;
  const tests = [...file.all('ConditionalExpression'), ...file.all('IfStatement')].filter(inside);
  const named = file.all('VariableDeclarator').filter(inside);
  const isOfPhase = (test: Node): boolean =>
    OF_PHASES.test(file.textOf(test)) ||
    named.some(({ id, init }) => !!init && OF_PHASES.test(file.textOf(init)) && mentions(file, test, file.textOf(id)));
  return tests.length > 0 && tests.every(({ test }) => isOfPhase(test) && !/&&|\|\|/.test(file.textOf(test)));
}

const mentions = (file: ParsedFile, node: Node, name: string): boolean =>
  new RegExp(String.raw`(^|[^\w.])${name.replaceAll(/\W/g, '')}\b`).test(file.textOf(node));

const REFUSES =
  /\b5\d\d\b|unavailable|\bthrow\b|\breject\(|next\(|(,\s*|\bcatch\()(next|reject)\s*\)|HealthCheckError|terminus/i;
/** An indicator of Nest's terminus that says so itself. */
const TELLS_DOWN = /\.down\(|HealthCheckError/;

/** It asks, catches what fails, and says nowhere that it is not ready. */
export function isAlwaysReady(system: System, route: Route): boolean {
  const handler = handlerOf(system, route);
  if (!handler || asksNothing(system, route)) return false;
  const own = handler.file.textOf(handler.node);
  const inner = callsOf(system, route).flatMap((site) => system.program.calleesOf(site));
  if (isOnlyTold(own, handler.file, handler.node) || waitsForNobody(system, handler)) return true;
  if (inner.some(({ file, node }) => TELLS_DOWN.test(file.textOf(node)))) return false;
  const catches =
    [own, ...inner.map(({ file, node }) => file.textOf(node))].some((text) => /\bcatch\b|\ballSettled\(/.test(text)) ||
    answersBoth(handler.file, handler.node);
  return (
    catches &&
    (!REFUSES.test(own) || isDecidedBefore(handler.file, handler.node)) &&
    /\.(code|status|sendStatus|send|json|text|end)\(|\.(body|status)\s*=|return/.test(own)
  );
}

/** All that it chooses by was known before it asked: the phase of its process, and what never changes. */
function isDecidedBefore(file: ParsedFile, node: Node): boolean {
  const inside = <N extends Node>(one: N): boolean => node.start <= one.start && one.end <= node.end;
  if (whatIsDoneOnFailure(file, node).some((text) => REFUSES.test(text))) return false;
  const tests = [...file.all('ConditionalExpression'), ...file.all('IfStatement')].filter(inside);
  const named = file.all('VariableDeclarator').filter(inside);
  const isKnown = (one: Node, depth = 0): boolean => {
    const asked = file.all('Identifier').filter(({ start, end }) => one.start <= start && end <= one.end);
    return asked.length > 0 && asked.every(({ name }) => isKnownName(name, depth));
  };
  const isKnownName = (name: string, depth: number): boolean => {
    const init = named.find((one) => file.textOf(one.id as Node) === name)?.init;
    if (!init) return OF_PHASES.test(name);
    if (init.type === 'Literal') return true;
    const isPutTogether = /^(Logical|Binary|Unary|Conditional)Expression$/.test(init.type);
    if (isPutTogether) return depth < 4 && isKnown(init, depth + 1);
    return OF_PHASES.test(file.textOf(init)) && !/\bawait\b/.test(file.textOf(init));
  };
  return tests.length > 0 && tests.every(({ test }) => isKnown(test));
}

/** The texts of `catch { … }`, and of what is handed to `.catch(…)` and as the second one to `.then(…)`. */
const whatIsDoneOnFailure = (file: ParsedFile, node: Node): string[] => [
  ...file
    .all('CatchClause')
    .filter((one) => contains(node, one))
    .map(({ body }) => file.textOf(body as Node)),
  ...callsIn(file).flatMap((call) => {
    const name = pathOf(call.callee as Node).at(-1);
    const handler = name === 'catch' ? call.arguments[0] : name === 'then' ? call.arguments[1] : undefined;
    return handler && contains(node, call) ? [file.textOf(handler as Node)] : [];
  }),
];

const BEGINS_TO_ASK = /^(all|allSettled|query|ping|connect|authenticate|\$queryRaw|command)$/;

/** It begins to ask, hands over nobody to go on with the answer, and answers at once. */
function waitsForNobody({ program }: System, { file, node }: FunctionAt): boolean {
  if (/\bawait\b|\.(then|catch|finally)\(/.test(file.textOf(node))) return false;
  return file.all('ExpressionStatement').some(({ expression, start, end }) => {
    const call = expression as Node;
    if (start < node.start || end > node.end || call.type !== 'CallExpression') return false;
    const goesOn = (given: Node): boolean =>
      isFunction(given) || (given.type === 'Identifier' && program.originOf(file, given).kind === 'functions');
    return BEGINS_TO_ASK.test(pathOf(call.callee).at(-1)!) && !(call.arguments as readonly Node[]).some(goesOn);
  });
}

/** `ping().then(() => …, () => …)` */
const answersBoth = (file: ParsedFile, node: Node): boolean =>
  file
    .all('CallExpression')
    .some(
      (call) =>
        node.start <= call.start &&
        call.end <= node.end &&
        pathOf(call.callee).at(-1) === 'then' &&
        call.arguments.length > 1,
    );

/** The state of a dependency is in the text of the answer, and its status is that of success. */
const isOnlyTold = (own: string, file: ParsedFile, node: Node): boolean =>
  readsFlag(file, node) &&
  !/\bawait\b|\.then\(/.test(own) &&
  !REFUSES.test(own) &&
  /\.(status|code)\(\s*2\d\d\s*\)/.test(own);

/** A variable that others set once a dependency is there; what the handler sets itself tells nothing. */
function readsFlag(file: ParsedFile, node: Node): boolean {
  const inside = file.all('Identifier').filter((one) => node.start <= one.start && one.end <= node.end);
  const own = new Set(
    file
      .all('VariableDeclarator')
      .filter((one) => node.start <= one.start && one.end <= node.end)
      .flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : [])),
  );
  return inside.some((one) => FLAG.test(one.name) && !own.has(one.name) && !isKeyOrMethod(file, one));
}

const FLAG = /ready|connected|state$|healthy|alive|isUp|available|dbStatus/i;

function isKeyOrMethod(file: ParsedFile, node: Node): boolean {
  const parent = file.parentOf(node);
  if (parent?.type === 'Property') return parent.key === node && parent.value !== node;
  return false;
}
