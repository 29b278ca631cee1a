import type { Node } from 'oxc-parser';
import { type AnyFunction, functionsAround, isFunction, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Origin } from './origin.ts';
import type { Binding, Scopes } from './scope.ts';
import type { Sources } from './sources.ts';

/** What is put into an object after it was made: `db.Order = …`, `db[model.name] = …`. */
export function putInto({ file, node }: Extract<Origin, { kind: 'object' }>, name: string): Node[] {
  const holder = file.parentOf(node);
  const held = holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined;
  if (held === undefined) return [];
  const all = file.all('AssignmentExpression').flatMap(({ left, right }) => {
    if (left.type !== 'MemberExpression' || nameOf(left.object) !== held) return [];
    const isOpen = left.computed && left.property.type !== 'Literal';
    return isOpen || nameOf(left.property as Node) === name ? [{ isOpen, right }] : [];
  });
  return all.sort((one, other) => Number(one.isOpen) - Number(other.isOpen)).map(({ right }) => right);
}

/** What a name begins with; else what it is given later, or by a transaction that is of the kind of its database. */
export function valuesOf(
  file: ParsedFile,
  { init, declaration, node }: Extract<Binding, { kind: 'value' }>,
): readonly Node[] {
  if (init) return [init];
  if (declaration === 'const' || node.type !== 'Identifier') return [];
  if (declaration !== 'parameter') {
    return file
      .all('AssignmentExpression')
      .flatMap(({ left, right }) => (nameOf(left as Node) === node.name ? right : []));
  }
  const around = file.parentOf(node);
  const call = around && isFunction(around) && around.params[0] === node ? file.parentOf(around) : undefined;
  if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return [];
  const opens = nameOf(call.callee.property as Node) ?? '';
  const isBuilt = opens === 'execute' && /transaction$/i.test(pathOf(call.callee.object).at(-1)!);
  return isBuilt || OPENS.test(opens) ? [call.callee.object] : [];
}

/** What runs a function in a transaction, and hands it a client of its own. */
const OPENS = /(transaction|transactional|transact|^begin)$/i;

/** `require(join(folder, name))` */
export const isFoundLater = (callee: Node): boolean =>
  callee.type === 'CallExpression' &&
  nameOf(callee.callee as Node) === 'require' &&
  nameOf(callee.arguments[0] as Node) === undefined;

export const hasOneExport = (scopes: Scopes): boolean =>
  [...scopes.exports.keys()].every((name) => name === 'default') || scopes.defaultExport?.type === 'ObjectExpression';

export const membersOf = (node: Node): readonly Node[] => {
  if (node.type === 'TSInterfaceDeclaration') return node.body.body as readonly Node[];
  return node.type === 'TSTypeLiteral' ? (node.members as readonly Node[]) : [];
};

export function returnedBy(file: ParsedFile, node: AnyFunction): Node[] {
  const body = node.body as Node | null;
  if (!body) return [];
  if (body.type !== 'BlockStatement') return [body];
  return file.all('ReturnStatement').flatMap(({ argument, start, end }) => {
    const isInside = body.start <= start && end <= body.end;
    return isInside && argument && functionsAround(file, argument as Node)[0] === node ? [argument as Node] : [];
  });
}

/** The way to a value from what it begins with, through names of the same function. */
export function pathFrom(sources: Sources, file: ParsedFile, node: Node): readonly string[] {
  let [at, rest]: [Node, readonly string[]] = [node, []];
  for (let step = 0; step < 4; step++) {
    const [root, ...path] = pathOf(at);
    const binding = sources.scopesOf(file).lookUp(root!, at);
    rest = [...path, ...rest];
    const isHeld = binding?.kind === 'value' && binding.declaration === 'const' && binding.path.length === 0;
    if (!isHeld || !binding.init) return [root!, ...rest];
    at = binding.init;
  }
  return ['*', ...rest];
}
