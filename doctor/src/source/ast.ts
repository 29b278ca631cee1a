import type {
  ArrowFunctionExpression,
  CallExpression,
  Class,
  Function as FunctionNode,
  NewExpression,
  Node,
} from 'oxc-parser';
import type { ParsedFile } from './parsed-file.ts';

export type AnyFunction = FunctionNode | ArrowFunctionExpression;
export type AnyCall = CallExpression | NewExpression;
export type AnyClass = Class;
export type ObjectLiteral = Extract<Node, { type: 'ObjectExpression' }>;

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);
const WRAPPERS: ReadonlySet<string> = new Set([
  'AwaitExpression',
  'ChainExpression',
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
]);

export const isFunction = (node: Node | null | undefined): node is AnyFunction => !!node && FUNCTIONS.has(node.type);

/** The expression without what changes neither its value nor its origin: `await`, `as`, `!`, `satisfies`, `?.`. */
export function unwrap(node: Node): Node {
  let inner: Node = node;
  for (;;) {
    if (WRAPPERS.has(inner.type))
      inner = (inner as Extract<Node, { type: 'TSAsExpression' }>).expression ?? awaited(inner);
    else return inner;
  }
}

const awaited = (node: Node): Node => (node as Extract<Node, { type: 'AwaitExpression' }>).argument;

/** The name of an identifier, a key or a literal; a private one with its `#`. */
export function nameOf(node: Node | null | undefined): string | undefined {
  if (!node) return undefined;
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'PrivateIdentifier') return `#${node.name}`;
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

/** `a.b.c` as a list; `this` and calls are links of it (`this.http.get`, `axios.create().get` → `axios.create.get`). */
export function pathOf(given: Node): string[] {
  const node = unwrap(given);
  if (node.type === 'Identifier') return [node.name];
  if (node.type === 'ThisExpression') return ['this'];
  if (node.type === 'MemberExpression') {
    const name = node.computed && node.property.type !== 'Literal' ? '*' : nameOf(node.property as Node);
    return [...pathOf(node.object), name ?? '*'];
  }
  if (node.type === 'CallExpression' || node.type === 'NewExpression') return pathOf(node.callee);
  return ['*'];
}

/** The last link of a path: the method of a call. */
export const lastOf = (node: Node): string => pathOf(node).at(-1) ?? '*';

/** The value of a property of an object literal. */
export function property(node: Node | null | undefined, name: string): Node | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  for (const entry of node.properties) {
    if (entry.type === 'Property' && nameOf(entry.key as Node) === name) return entry.value;
  }
  return undefined;
}

/** The functions around a node, the nearest first. */
export function functionsAround(file: ParsedFile, node: Node): AnyFunction[] {
  return ancestorsOf(file, node).filter(isFunction);
}

/** The nodes around a node, the nearest first. */
export function ancestorsOf(file: ParsedFile, node: Node): Node[] {
  const found: Node[] = [];
  for (let at = file.parentOf(node); at; at = file.parentOf(at)) found.push(at);
  return found;
}

export const contains = (outer: Node, inner: Node): boolean => outer.start <= inner.start && inner.end <= outer.end;

/** The decorators of a class, a member or a parameter: `@Controller('x')` as name and call. */
export function decoratorsOf(node: Node): { readonly name: string; readonly args: readonly Node[]; node: Node }[] {
  const all = (node as unknown as { decorators?: readonly Node[] }).decorators ?? [];
  return all.flatMap((decorator) => {
    const expression = unwrap((decorator as Extract<Node, { type: 'Decorator' }>).expression);
    const isCall = expression.type === 'CallExpression';
    return [
      {
        name: lastOf(isCall ? expression.callee : expression),
        args: isCall ? (expression.arguments as readonly Node[]) : [],
        node: decorator,
      },
    ];
  });
}

/** The class around a node. */
export const classAround = (file: ParsedFile, node: Node): AnyClass | undefined =>
  ancestorsOf(file, node).find(
    (outer): outer is AnyClass => outer.type === 'ClassDeclaration' || outer.type === 'ClassExpression',
  );

const LOOPS: ReadonlySet<string> = new Set([
  'ForStatement',
  'ForOfStatement',
  'ForInStatement',
  'WhileStatement',
  'DoWhileStatement',
]);
const ITERATORS: ReadonlySet<string> = new Set([
  'map',
  'forEach',
  'flatMap',
  'filter',
  'reduce',
  'some',
  'every',
  'find',
  'findIndex',
  'reduceRight',
]);
/** What calls a function once for each element of a list that it is given beside it. */
const EACH_OF = /^(from|fromAsync|pMap|pEach|mapSeries|eachSeries|eachLimit|mapLimit|eachOf)$/;

/** What a call runs once for each element of a list: the callback of `map` and its like. */
export function iteratedIn(call: Node | undefined): Node | undefined {
  if (call?.type !== 'CallExpression') return undefined;
  const name = lastOf(call.callee);
  if (EACH_OF.test(name)) return call.arguments[1];
  return call.callee.type === 'MemberExpression' && ITERATORS.has(name) ? call.arguments[0] : undefined;
}

/**
 * The loop that repeats a node: a statement, or the callback of `map` and its like, inside the same function; what
 * follows a promise of that function belongs to it.
 */
export function loopAround(file: ParsedFile, node: Node): Node | undefined {
  let inner: Node = node;
  for (const outer of ancestorsOf(file, node)) {
    if (LOOPS.has(outer.type) && isRepeatedPart(outer, inner)) return outer;
    if (isFunction(outer)) {
      const call = file.parentOf(outer);
      if (iteratedIn(call) === outer) return call;
      if (call?.type !== 'CallExpression' || !RUNS_AT_ONCE.test(lastOf(call.callee))) return undefined;
    }
    inner = outer;
  }
  return undefined;
}

/** What a promise goes on with, and what a breaker or a policy is handed for one run. */
const RUNS_AT_ONCE = /^(then|catch|finally|execute|fire|exec|run)$/;

/** What is evaluated once, such as the list of a `for … of`, is not repeated. */
function isRepeatedPart(loop: Node, inner: Node): boolean {
  if (loop.type === 'ForOfStatement' || loop.type === 'ForInStatement') return loop.body === inner;
  if (loop.type === 'ForStatement') return loop.init !== inner;
  return true;
}

/** The list of `['a', 'b'].join(' ')`. */
export function joinedIn(node: Node): Extract<Node, { type: 'ArrayExpression' }> | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined;
  const { object, property: method } = node.callee;
  return nameOf(method as Node) === 'join' && object.type === 'ArrayExpression' ? object : undefined;
}

export const separatorOf = ({ arguments: [given] }: { readonly arguments: readonly unknown[] }): string =>
  nameOf(given as Node | undefined) ?? ',';
