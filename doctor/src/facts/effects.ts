import type { Node } from 'oxc-parser';
import type { FunctionAt, Origin } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { isFunction, iteratedIn, nameOf, pathOf, property } from '../source/ast.ts';
import { withoutComments } from './sql.ts';

/** Libraries of databases. */
export const DATABASES = new RegExp(
  '^(pg|pg-promise|postgres|mysql2?|mariadb|mongoose|mongodb|typeorm|sequelize|sequelize-typescript|' +
    'knex|@nestjs/(typeorm|mongoose|sequelize)|@prisma/client|nestjs-prisma|@mikro-orm/.+|slonik|' +
    String.raw`drizzle-orm.*|mssql|better-sqlite3|sqlite3|objection|kysely)$`,
);
const WRITES = new RegExp(
  '^(save|insert|insertOne|insertMany|bulkWrite|create|createMany|bulkCreate|update|' +
    'updateOne|updateMany|upsert|delete|deleteOne|deleteMany|destroy|remove|findOneAndUpdate|' +
    'insertInto|updateTable|deleteFrom|replaceInto|' +
    'findByIdAndUpdate|findAndModify|replaceOne|persist|persistAndFlush|increment|decrement|' +
    String.raw`softDelete|append|store|insertInto|updateTable|deleteFrom)$`,
);
/** What Moleculer's services ask of their database. */
const ADAPTER_WRITES = /^(insert|insertMany|update(ById|Many)?|remove(ById|Many)|save)$/;
const PLAIN_WRITES =
  /^(save|insert\w*|create\w*|update\w*|upsert|delete\w*|remove|persist|append|store|add|increment)$/;
const STORE_NAME =
  /(repo|repository|repositories|model|dao|prisma|entityManager|eventStore|collection|db|database|knex|orm)$/i;
const WRITING_SQL = new RegExp(
  String.raw`^\s*(insert\s+(?:ignore\s+|or\s+\w+\s+)?into|replace\s+into|update\s+\S+\s+set|delete\s+from|` +
    String.raw`merge\s+into|with\b[\s\S]*\b(insert\s+into|update|delete\s+from))`,
  'i',
);
const ANY_SQL = /^\s*(select|insert|update|delete|with|begin|commit)\b/i;

const READ: ReadonlySet<string> = new Set([
  'Literal',
  'TemplateLiteral',
  'TaggedTemplateExpression',
  'BinaryExpression',
  'Identifier',
  'MemberExpression',
]);

const of = (system: System, { file, call }: CallSite): Origin => system.program.originOf(file, call.callee as Node);

/** The SQL that a call is given. */
export const sqlOf = (system: System, { file, call }: CallSite): string => {
  const [first] = call.arguments as readonly Node[];
  const given = ['sql', 'text', 'query', 'statement'].map((name) => property(first, name)).find(Boolean) ?? first;
  if (!given || !READ.has(given.type)) return '';
  return withoutComments(textOf(system.program, file, given));
};

/** `trx('orders').insert(…)`, where nothing tells whose the transaction is. */
const BUILDS = /^(await\s+)?(trx|tx|knex|db)(<[^>()]*>)?\(\s*['"`]\w+['"`]\s*\)/;
const BUILT_WRITES = /^(insert|update|increment|decrement|del|delete|upsert|truncate)$/;

const isBuilt = ({ file, call }: CallSite): boolean =>
  call.callee.type === 'MemberExpression' && BUILDS.test(file.textOf(call.callee as Node));

/** What only clients that Prisma makes are asked so: `prisma.order.update({ where, data })`. */
const OF_PRISMA = /^(create|createMany|update|updateMany|upsert|delete|deleteMany)$/;
const ASKED_OF_PRISMA = /^(findUnique|findFirst|findMany)(OrThrow)?$/;

function isPrismaWrite({ call }: CallSite): boolean {
  const path = pathOf(call.callee as Node);
  const [given] = call.arguments as readonly Node[];
  if (path.length < 3 || !OF_PRISMA.test(path.at(-1)!)) return false;
  return property(given, 'data') !== undefined || (property(given, 'create') ?? property(given, 'where')) !== undefined;
}

/** `tx.update(orders).set(…)`: how Drizzle builds what changes, where nothing tells whose the transaction is. */
function isDrizzleWrite({ file, call }: CallSite): boolean {
  const path = pathOf(call.callee as Node);
  const [table] = call.arguments as readonly Node[];
  if (path.length !== 2 || !/^(tx|trx|db|database)$/.test(path[0]!) || !/^(insert|update|delete)$/.test(path[1]!))
    return false;
  const member = file.parentOf(call);
  const next = member?.type === 'MemberExpression' ? (nameOf(member.property as Node) ?? '') : '';
  return table?.type !== 'ObjectExpression' && /^(values|set|where|returning)$/.test(next);
}

/** `trx.insertInto('orders')`: how Kysely builds what changes, by words that nobody else uses. */
const isKyselyWrite = ({ call }: CallSite): boolean =>
  /^(insertInto|updateTable|deleteFrom|replaceInto)$/.test(pathOf(call.callee as Node).at(-1)!) &&
  call.arguments[0]?.type === 'Literal';

const isBuiltWrite = (site: CallSite): boolean => isPrismaWrite(site) || isDrizzleWrite(site) || isKyselyWrite(site);

/** Whether a call is one of a library of databases. */
export function isOfDatabase(system: System, site: CallSite): boolean {
  const origin = of(system, site);
  return (origin.kind === 'external' && DATABASES.test(origin.module)) || isBuiltWrite(site);
}

/** Whether a call changes a database. */
export function isWrite(system: System, site: CallSite): boolean {
  if (site.call.type === 'NewExpression') return false;
  if (WRITING_SQL.test(sqlOf(system, site))) return true;
  if (isBuilt(site) && BUILT_WRITES.test(pathOf(site.call.callee as Node).at(-1)!)) return true;
  const path = pathOf(site.call.callee as Node);
  const origin = of(system, site);
  if (origin.kind === 'unknown' && isBuiltWrite(site)) return true;
  if (origin.kind === 'external') return DATABASES.test(origin.module) && WRITES.test(path.at(-1)!) && path.length > 1;
  if (origin.kind === 'functions') return PLAIN_WRITES.test(path.at(-1)!) && isKeptElsewhere(system, site);
  if (origin.kind !== 'unknown' && origin.kind !== 'interface') return false;
  const receiver = path.at(-2)?.replace(/^#/, '') ?? '';
  if (receiver === 'adapter') return ADAPTER_WRITES.test(path.at(-1)!);
  return PLAIN_WRITES.test(path.at(-1)!) && (STORE_NAME.test(receiver) || isKeptElsewhere(system, site));
}

/** A port whose type says that it keeps things: `orders: OrderRepository`, whoever implements it. */
function isKeptElsewhere({ program }: System, { file, call }: CallSite): boolean {
  if (call.callee.type !== 'MemberExpression') return false;
  const origin = program.originOf(file, call.callee.object as Node);
  if (origin.kind !== 'interface' && origin.kind !== 'instance') return false;
  const name = (origin.node as { id?: { name?: string } | null }).id?.name ?? '';
  return /(Repository|Store|Dao|Collection|Table)$/.test(name);
}

/** Whether a call asks or changes a database. */
export function isDatabaseCall(system: System, site: CallSite): boolean {
  if (site.call.type === 'NewExpression' || isFunction(iteratedIn(site.call))) return false;
  const origin = of(system, site);
  if (origin.kind === 'external' && DATABASES.test(origin.module) && origin.path.length > 0) return true;
  const path = pathOf(site.call.callee as Node);
  const isPrisma = origin.kind === 'unknown' && path.length > 2 && ASKED_OF_PRISMA.test(path.at(-1)!);
  return isPrisma || ANY_SQL.test(sqlOf(system, site)) || isBuilt(site) || isWrite(system, site);
}

/** The calls that change a database when a function runs. */
export const writesOf = (system: System, start: FunctionAt): readonly CallSite[] =>
  system.program.callsReachedFrom(start).filter((site) => isWrite(system, site));
