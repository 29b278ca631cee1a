import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { ancestorsOf, contains, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** Whether something is answered in place of an error that a place throws, here or by all who call it. */
export function isCaught(system: System, { file, node }: { file: ParsedFile; node: Node }, depth = 0): boolean {
  if (isCaughtHere(file, node) || (isHandedToNext(file, node) && answersErrors(system, file))) return true;
  const [around] = functionsAround(file, node);
  const callers = !around || depth > 4 ? [] : system.program.callersOf(around);
  return (
    callers.length > 0 && callers.every((site) => isCaught(system, { file: site.file, node: site.call }, depth + 1))
  );
}

/** `ask().then(answer).catch(next)`, and `catch (error) { next(error); }` */
const isHandedToNext = (file: ParsedFile, node: Node): boolean => {
  const member = file.parentOf(node);
  const call = member?.type === 'MemberExpression' && member.object === node ? file.parentOf(member) : undefined;
  if (call?.type === 'CallExpression' && member && call.callee === member) {
    const [first, second] = call.arguments as readonly Node[];
    const name = pathOf(member).at(-1);
    if (isNext(name === 'catch' ? first : name === 'then' ? second : undefined)) return true;
    if (name === 'then' || name === 'finally') return isHandedToNext(file, call);
  }
  const outers = ancestorsOf(file, node);
  return outers
    .slice(0, outers.findIndex((one) => isFunction(one)) + 1)
    .some(
      (one) =>
        one.type === 'TryStatement' &&
        contains(one.block, node) &&
        /\bnext\(\w+\)/.test(one.handler ? file.textOf(one.handler.body) : ''),
    );
};

const isNext = (node: Node | undefined): boolean => node?.type === 'Identifier' && node.name === 'next';

const UNAVAILABLE = /\b503\b|EOPENBREAKER|unavailable|BrokenCircuit/i;

/** A middleware of Express for errors that tells what is away from what is wrong: `(error, req, res, next) => …`. */
const answersErrors = (system: System, { path }: ParsedFile): boolean => {
  const part = system.partOf(path);
  const files = part ? system.closureOf(part) : [];
  return files.some((file) =>
    [
      ...file.all('ArrowFunctionExpression'),
      ...file.all('FunctionExpression'),
      ...file.all('FunctionDeclaration'),
    ].some((one) => one.params.length === 4 && UNAVAILABLE.test(file.textOf(one))),
  );
};

/** `ask().then(read).catch(() => [])`, and `ask().then(read, () => [])` */
function isAnsweredInChain(file: ParsedFile, node: Node): boolean {
  const member = file.parentOf(node);
  const call = member?.type === 'MemberExpression' && member.object === node ? file.parentOf(member) : undefined;
  if (!member || call?.type !== 'CallExpression' || call.callee !== member) return false;
  const name = pathOf(member).at(-1);
  const [first, second] = call.arguments as readonly Node[];
  const handler = name === 'catch' ? first : name === 'then' ? second : undefined;
  // `.catch(next)` answers nothing in its place either.
  const isHandedOn = handler?.type === 'Identifier' && /^(next|done|reject)$/.test(handler.name);
  if (name === 'catch' && !isHandedOn) return true;
  if (handler && !isHandedOn && !isNull(handler)) return true;
  return (name === 'then' || name === 'finally') && (!handler || isNull(handler)) && isAnsweredInChain(file, call);
}

const isNull = (node: Node): boolean =>
  (node.type === 'Literal' && node.value === null) || (node.type === 'Identifier' && node.name === 'undefined');

/** In the function around it. */
export function isCaughtHere(file: ParsedFile, node: Node): boolean {
  if (isAnsweredInChain(file, node)) return true;
  const outers = ancestorsOf(file, node);
  const end = outers.findIndex((one) => isFunction(one));
  return outers
    .slice(0, end < 0 ? outers.length : end)
    .some(
      (outer) =>
        outer.type === 'TryStatement' &&
        outer.handler &&
        contains(outer.block, node) &&
        !handsOn(file, outer.handler.body),
    );
}

/** A `catch` that only tells somebody else of the error, or cleans up before it does, answers nothing in its place. */
function handsOn(file: ParsedFile, { body }: { readonly body: readonly Node[] }): boolean {
  const last = body.at(-1);
  if (!last) return false;
  if (body.some((one) => throwsUnavailable(file, one))) return true;
  if (body.every((one) => isTold(file, one, /^(await )?(next|done|reject)\(\w+\)$|^(console|log\w*|this\.log\w*)\./)))
    return true;
  const before = body.slice(0, -1).flatMap((one) => (answersAnother(file, one) ? [] : [file.textOf(one)]));
  return isTold(file, last, /^(next|done|reject)\(\w+\)$/) && !before.some((text) => ANSWERS.test(text));
}

const ANSWERS = /\breturn\b|\b(res|reply|response|ctx|c)\./;

/** Whether a statement throws the error again, or is a call by which others learn of it. */
function isTold(file: ParsedFile, statement: Node, call: RegExp): boolean {
  if (statement.type === 'ThrowStatement') return statement.argument.type === 'Identifier';
  const isPlain = statement.type === 'ExpressionStatement' || statement.type === 'ReturnStatement';
  const { expression, argument } = (isPlain ? statement : {}) as { expression?: Node; argument?: Node | null };
  const inner = expression ?? argument ?? undefined;
  return inner !== undefined && call.test(file.textOf(inner));
}

/** `if (error instanceof SeatsTaken) return …`: what the own rules refuse is answered, and not what is away. */
const answersAnother = (file: ParsedFile, node: Node): boolean =>
  node.type === 'IfStatement' && !node.alternate && OF_RULES.test(file.textOf(node.test));

const OF_RULES = new RegExp(
  String.raw`^\w+ instanceof (?!Error$)(?!\w*(Unavailable|Breaker|Circuit|Time|Upstream|Gateway|Remote|` +
    String.raw`Service|Http|Axios|Fetch|Client|Depend|Fail))\w+$`,
);

/** `if (error instanceof UnavailableError) throw error;`: what is answered is something else. */
const throwsUnavailable = (file: ParsedFile, node: Node): boolean =>
  node.type === 'IfStatement' &&
  /instanceof\s+\w*(Unavailable|Breaker|Circuit|OpenCircuit|TimeoutError|TimedOut)\w*\s*$/.test(
    file.textOf(node.test),
  ) &&
  /^\{?\s*throw\s+\w+;?\s*\}?$/.test(file.textOf(node.consequent));
