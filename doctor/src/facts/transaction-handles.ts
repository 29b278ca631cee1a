import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { annotationOf, type Binding } from '../model/scope.ts';
import { perSystem, type System } from '../model/system.ts';
import {
  type AnyCall,
  type AnyClass,
  type AnyFunction,
  ancestorsOf,
  contains,
  functionsAround,
  isFunction,
  nameOf,
  pathOf,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { DATABASES, isOfDatabase } from './effects.ts';

/** In which of the two a statement runs, as far as the text tells: its transaction is handed to it, or it has none. */
export type Connection = 'transaction' | 'root' | 'unknown';

const TRANSACTION =
  /^\$?(transaction|with_?transaction|in_?transaction|run_?in_?transaction|atomic|transactional|begin|tx)$/i;
const BEGINS = /^(beginTransaction|startTransaction)$/;
const BEGINS_BY_TEXT = /^\s*(begin|start transaction)\b/i;
/** How a handle of a transaction is called, where nothing tells what it is. */
export const HANDLE =
  /^(tx|trx|t|transaction|session|em|manager|entityManager|client|conn(ection)?|queryRunner|uow|unitOfWork)$/i;
/** And by its type. */
export const HANDLE_TYPE = /\b(EntityManager|PoolClient|ClientSession|QueryRunner|Transaction\w*|Trx|PoolConnection)\b/;
const OPENS = /^(connect|createQueryRunner|startSession|transaction|begin|getConnection|startTransaction)$/;
/** What carries the transaction along by itself. */
const AMBIENT = /transactionAsyncLocalStorage|useCLS|cls-hooked|nestjs-cls|typeorm-transactional|@Transactional\(/;
/** The context of a request, or of a trace, is none of these. */
const LOCAL_STORAGE = /\bAsyncLocalStorage\b/;
const OF_TRANSACTIONS =
  /transaction|\btrx?\b|entity_?manager|query_?runner|\bsession\b|unit_?of_?work|prisma|knex|pool_?client/i;

/** The function that a transaction runs: the argument of `db.transaction(…)`. */
export function transactionOf(file: ParsedFile, node: AnyFunction): boolean {
  const call = file.parentOf(node);
  if (call?.type !== 'CallExpression') return false;
  const [last, before] = pathOf(call.callee).toReversed();
  // `db.transaction().execute(async (trx) => …)` of Kysely.
  return TRANSACTION.test(last!) || (last === 'execute' && TRANSACTION.test(before ?? ''));
}

/** Whether a transaction goes along with whatever is called in it. */
export const isAmbient = perSystem((system: System): boolean =>
  system.program.files.some(({ lines }) => {
    const text = lines.join('\n');
    return AMBIENT.test(text) || (LOCAL_STORAGE.test(text) && OF_TRANSACTIONS.test(text));
  }),
);

/** `client.query('begin')`, `queryRunner.startTransaction()` */
export function isBeginning(file: ParsedFile, call: AnyCall): boolean {
  const [first] = call.arguments as readonly Node[];
  const text = first?.type === 'Literal' || first?.type === 'TemplateLiteral' ? file.textOf(first).slice(1, -1) : '';
  return BEGINS.test(pathOf(call.callee as Node).at(-1)!) || BEGINS_BY_TEXT.test(text);
}

/** Whether a call runs in a transaction that it is handed, on the connection of everybody, or nobody can tell. */
export function connectionOf(system: System, site: CallSite): Connection {
  const { file, call } = site;
  const { callee } = call;
  const receiver = callee.type === 'MemberExpression' ? (callee.object as Node) : (callee as Node);
  if (isBatched(file, call)) return 'transaction';
  const own = classify(system, { file, node: receiver });
  if (own === 'transaction' || namesHandle(system, site)) return 'transaction';
  if (isAmbient(system)) return 'unknown';
  if (isRootWrapper(system, site)) return 'root';
  return own === 'root' && isOfDatabase(system, site) ? 'root' : 'unknown';
}

const BATCHES = /^(\$?transaction|batch)$/;

/** `prisma.$transaction([change, message])`, also where these have names before. */
function isBatched(file: ParsedFile, call: AnyCall): boolean {
  const statement = statementOf(file, call);
  const holder = file.parentOf(statement);
  const name = holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined;
  return file.all('CallExpression').some((one) => {
    const [list] = one.arguments as readonly Node[];
    if (list?.type !== 'ArrayExpression' || !BATCHES.test(pathOf(one.callee).at(-1)!)) return false;
    return (
      contains(list, statement) || (name !== undefined && list.elements.some((given) => nameOf(given as Node) === name))
    );
  });
}

/** `db.query(…)` of a class of this repository, which asks its pool. */
function isRootWrapper(system: System, site: CallSite): boolean {
  const [only, ...others] = system.program.calleesOf(site);
  if (!only || others.length > 0 || (only.node.params as readonly Node[]).some((one) => HANDLE.test(nameOf(one) ?? '')))
    return false;
  const inner = callsIn(only.file).filter(
    (call) => contains(only.node, call) && isOfDatabase(system, { file: only.file, call }),
  );
  return (
    inner.length === 1 &&
    inner.every((call) => {
      const callee = call.callee.type === 'MemberExpression' ? (call.callee.object as Node) : (call.callee as Node);
      return classify(system, { file: only.file, node: callee }) === 'root';
    })
  );
}

/** `{ session }`, `{ transaction: t }`, `save(tx, order)`, also behind it: `.session(session)`. */
function namesHandle(system: System, { file, call }: CallSite): boolean {
  const statement = statementOf(file, call);
  return file
    .all('Identifier')
    .some(
      (one) =>
        HANDLE.test(one.name) &&
        contains(statement, one) &&
        !contains(call.callee as Node, one) &&
        functionsAround(file, one)[0] === functionsAround(file, call)[0] &&
        !isKey(file, one) &&
        classify(system, { file, node: one }) === 'transaction',
    );
}

const isKey = (file: ParsedFile, node: Node): boolean => {
  const parent = file.parentOf(node);
  if (parent?.type === 'Property') return parent.key === node && !parent.shorthand;
  return parent?.type === 'MemberExpression' && parent.property === node && !parent.computed;
};

/** A call with all that is called on its answer. */
export function statementOf(file: ParsedFile, call: Node): Node {
  let outer: Node = call;
  for (const next of ancestorsOf(file, call)) {
    const isChained = next.type === 'MemberExpression' && next.object === outer;
    if (!isChained && !(next.type === 'CallExpression' && next.callee === outer)) break;
    outer = next;
  }
  return outer;
}

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
  /** How many names have been followed. */
  readonly depth?: number;
}

/** What a value is that statements are run by. */
export function classify(system: System, { file, node: given, depth = 0 }: Place): Connection {
  const node = unwrap(given);
  if (depth > 8) return 'unknown';
  switch (node.type) {
    case 'Identifier': {
      const binding = system.program.scopesOf(file).lookUp(node.name, node);
      return binding?.kind === 'value' ? ofValue(system, file, { binding, depth }) : rootOr(system, file, node);
    }
    case 'MemberExpression':
      return pathOf(node)[0] === 'this' && pathOf(node).at(-1) !== '*'
        ? rootOr(system, file, node)
        : classify(system, { file, node: node.object, depth: depth + 1 });
    case 'CallExpression': {
      if (OPENS.test(pathOf(node.callee).at(-1)!) && !node.arguments.some((one) => isFunction(one as Node)))
        return 'transaction';
      const isOwnField = node.callee.type === 'MemberExpression' && node.callee.object.type === 'ThisExpression';
      if (isOwnField) return rootOr(system, file, node.callee as Node);
      if (nameOf(node.callee as Node) === 'require') return rootOr(system, file, node);
      const callee = node.callee.type === 'MemberExpression' ? node.callee.object : node.callee;
      return classify(system, { file, node: callee as Node, depth: depth + 1 });
    }
    case 'NewExpression':
      return rootOr(system, file, node);
    default:
      return 'unknown';
  }
}

interface Held {
  readonly binding: Extract<Binding, { kind: 'value' }>;
  readonly depth: number;
}

function ofValue(system: System, file: ParsedFile, { binding, depth }: Held): Connection {
  const { declaration, init, node } = binding;
  const type = binding.type ?? annotationOf(node);
  if (type && HANDLE_TYPE.test(file.textOf(type))) return 'transaction';
  if (declaration !== 'parameter') {
    if (declaration !== 'const' || !init) return 'unknown';
    return classify(system, { file, node: init, depth: depth + 1 });
  }
  const [around] = functionsAround(file, node);
  if (around && transactionOf(file, around)) return 'transaction';
  const all = system.program
    .givenTo(file, binding)
    .map((one) => classify(system, { file: one.file, node: one.node, depth: depth + 1 }));
  if (all.length > 0 && all.every((one) => one === all[0])) return all[0]!;
  return HANDLE.test(nameOf(node) ?? '') ? 'transaction' : all.length > 0 ? 'unknown' : rootOr(system, file, node);
}

/** What a client is called that a container hands in, where nothing tells its type. */
const ROOT_NAME = /^(prisma|prisma(Client|Service)|knex|sequelize|dataSource)$/;

/** What comes straight from a library of databases, or from a class made of one, and from no transaction of it. */
function rootOr(system: System, file: ParsedFile, node: Node): Connection {
  const origin = system.program.originOf(file, node);
  if (origin.kind === 'class' || origin.kind === 'instance') return isOfLibrary(system, origin) ? 'root' : 'unknown';
  if (origin.kind === 'unknown' && pathOf(node).some((name) => ROOT_NAME.test(name))) return 'root';
  return origin.kind === 'external' ? 'root' : 'unknown';
}

/** `class PrismaService extends PrismaClient`, and a model of Sequelize. */
function isOfLibrary(system: System, { file, node }: { file: ParsedFile; node: AnyClass }, depth = 0): boolean {
  const above = node.superClass ? system.program.originOf(file, node.superClass) : undefined;
  if (above?.kind === 'external') return DATABASES.test(above.module);
  return above?.kind === 'class' && depth < 4 && isOfLibrary(system, above, depth + 1);
}
