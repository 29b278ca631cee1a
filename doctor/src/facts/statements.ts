import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { type AnyCall, decoratorsOf, joinedIn, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { withoutComments } from './sql.ts';

/** A statement in a text, a template or a file. */
export interface Statement {
  readonly part: Part;
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** What stands there, where the text is only what it comes to. */
  readonly shown?: string;
}

const SQL = /^[\s(]*(select|insert\s+into|update|delete\s+from|with|merge\s+into|truncate|copy)\s/i;

/** Select something, it says to a reader. */
const SENTENCE = /^[A-Z][a-z]+\s[^\n]*[.!?]$/;

/** All SQL of a part: in its code, also where a text is put together, and in its migrations. */
export const statements = perSystem((system: System): readonly Statement[] =>
  system.services.flatMap((part) => [
    ...system.filesOf(part).flatMap((file) => [...statementsIn(system, part, file), ...builtIn(system, part, file)]),
    ...system.paths
      .filter((path) => path.endsWith('.sql') && system.partOf(path) === part)
      .map((path) => ({ part, file: path, line: 1, text: readFileSync(join(system.root, path), 'utf8') })),
  ]),
);

function statementsIn({ program }: System, part: Part, file: ParsedFile): Statement[] {
  const texts: readonly Node[] = [
    ...file.all('Literal').filter(({ value }) => typeof value === 'string'),
    ...file.all('TemplateLiteral'),
    ...file.all('BinaryExpression').filter(({ operator }) => operator === '+'),
    ...file.all('CallExpression').filter((call) => joinedIn(call) !== undefined),
  ];
  const isPiece = (node: Node): boolean => {
    const outer = file.parentOf(node);
    return outer?.type === 'BinaryExpression' ? outer.operator === '+' : isJoined(file, outer);
  };
  return texts
    .filter((node) => !isPiece(node))
    .map((node) => ({ node, text: textOf(program, file, node) }))
    .filter(({ text }) => SQL.test(withoutComments(text)) && !SENTENCE.test(text))
    .map(({ node, text }) => ({ part, file: file.path, line: file.lineAt(node.start), text }));
}

/** What builders of SQL put into tables: `trx('orders').insert(…)`, `db.insertInto('orders')`. */
export const filledTables = perSystem((system: System): readonly Statement[] =>
  system.services.flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      callsIn(file).flatMap((call) => {
        const text = file.textOf(call.callee as Node);
        const [, built] = BUILT_INSERT.exec(text) ?? [];
        const isNamed = pathOf(call.callee as Node).at(-1) === 'insertInto';
        const table = built ?? (isNamed ? nameOf(call.arguments[0] as Node | undefined) : undefined);
        if (table === undefined) return [];
        return [{ part, file: file.path, line: file.lineAt(call.start), text: `insert into ${table}` }];
      }),
    ),
  ),
);

const BUILT_INSERT = /^[\w.]+(?:<[^>()]*>)?\(\s*['"`](\w+)['"`]\s*\)\s*\.insert$/;

const NAMES_TABLE = new RegExp(
  '^(from|into|table|inTable|collection|selectFrom|insertInto|updateTable|deleteFrom|' +
    '(inner|left|right|full|cross)?(Outer)?join(And(Select|Map(One|Many)))?)$',
  'i',
);
const TABLE_NAME = /^[a-z_]\w*(\.\w+)?(\s+as\s+\w+)?$/i;

/**
 * What knex, Kysely and TypeORM put together: `knex('orders').join('users', …)`, `trx('orders')`,
 * `references('id').inTable('users')`.
 */
const builtIn = ({ program }: System, part: Part, file: ParsedFile): Statement[] =>
  file.all('CallExpression').flatMap((call) => {
    const [given] = call.arguments as readonly Node[];
    const table = given?.type === 'Literal' || given?.type === 'Identifier' ? textOf(program, file, given) : '';
    if (!TABLE_NAME.test(table)) return [];
    const isNamed = call.callee.type === 'MemberExpression' && NAMES_TABLE.test(pathOf(call.callee).at(-1)!);
    if (!isNamed && call.callee.type === 'MemberExpression') return [];
    const origin = program.originOf(file, call.callee.type === 'MemberExpression' ? call.callee.object : call.callee);
    // The builder of TypeORM also joins what an entity relates to, as `order.lines`.
    const isBuilt =
      origin.kind === 'external' &&
      (/^(knex|kysely)$/.test(origin.module) ||
        (/^mongo(ose|db)$/.test(origin.module) && isOnlyRead(file, call)) ||
        (/typeorm$/.test(origin.module) && isNamed && !table.includes('.')));
    if (!isBuilt && !(isNamed && /[iI]nTable$/.test(pathOf(call.callee).at(-1)!))) return [];
    const line = file.lineAt((call.callee as { property?: Node }).property?.start ?? call.start);
    return [{ part, file: file.path, line, text: `from ${table}`, shown: file.lines[line - 1]!.trim() }];
  });

/** `connection.collection('orders').find(…)`: what a part fills itself is its own. */
const isOnlyRead = (file: ParsedFile, call: Node): boolean => {
  const member = file.parentOf(call);
  const method = member?.type === 'MemberExpression' ? (nameOf(member.property as Node) ?? '') : '';
  return /^(find|findOne|aggregate|count\w*|distinct)$/.test(method);
};

const isJoined = (file: ParsedFile, list: Node | undefined): boolean => {
  const call = list?.type === 'ArrayExpression' ? file.parentOf(file.parentOf(list)!) : undefined;
  return call !== undefined && joinedIn(call) === list;
};

/** A table, and the part that makes it. */
export interface TableOwner {
  readonly part: Part;
  readonly table: string;
  readonly file: string;
}

/** The tables and collections that the parts make: in migrations, in ORM entities, in Prisma schemas. */
export const tableOwners = perSystem((system: System): readonly TableOwner[] =>
  system.services.flatMap((part) => {
    const sql = system.paths.filter((path) => /\.(sql|prisma)$/.test(path) && system.partOf(path) === part);
    const written = sql.flatMap((path) =>
      tablesMadeBy(readFileSync(join(system.root, path), 'utf8')).map((table) => ({ part, table, file: path })),
    );
    const coded = system
      .filesOf(part)
      .flatMap((file) => entityTables(system, file).map((table) => ({ part, table, file: file.path })));
    return [...written, ...coded];
  }),
);

function tablesMadeBy(text: string): string[] {
  const created = [
    ...text.matchAll(/create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?((?:["`]?\w+["`]?\.)?["`]?\w+["`]?)/gi),
  ];
  const models = [...text.matchAll(/^\s*model\s+(\w+)\s*\{([^}]*)/gm)].map(
    ([, name, body]) => /@@map\("(\w+)"\)/.exec(body!)?.[1] ?? name!,
  );
  return [...created.map(([, name]) => name!.replaceAll(/["`]/g, '')), ...models].map((name) => name.toLowerCase());
}

/** The tables and collections that a file maps. */
export function entityTables({ program }: System, file: ParsedFile): string[] {
  const entities = file.all('ClassDeclaration').flatMap((node) =>
    decoratorsOf(node)
      .filter(({ name }) => name === 'Entity' || name === 'Table')
      .map(({ args }) => {
        const given =
          args[0]?.type === 'ObjectExpression'
            ? (property(args[0], 'name') ?? property(args[0], 'tableName'))
            : args[0];
        return given ? textOf(program, file, given) : snake(node.id?.name ?? '');
      }),
  );
  const made = callsIn(file).flatMap((call) => {
    const path = pathOf(call.callee as Node);
    const [given] = call.arguments as readonly Node[];
    const collection = collectionOf(program, file, call);
    if (collection !== undefined) return [collection];
    if (path.at(-1) === 'define' && /sequelize/i.test(path.at(-2) ?? '') && given)
      return definedTables(call.arguments[2] as Node | undefined, nameOf(given) ?? '');
    if (path.at(-1) === 'init' && isModel(program, file, call)) {
      const options = call.arguments[1] as Node | undefined;
      return definedTables(options, nameOf(property(options, 'modelName')) ?? path.at(-2) ?? '');
    }
    const isTable = /^(createTable|createTableIfNotExists|pgTable|mysqlTable)$/.test(path.at(-1)!);
    if (isTable && given) return [nameOf(given) ?? ''];
    const text =
      given && (given.type === 'Literal' || given.type === 'TemplateLiteral') ? textOf(program, file, given) : '';
    return /create\s+table/i.test(text) ? tablesMadeBy(text) : [];
  });
  return [...entities, ...made].filter((name) => name !== '').map((name) => name.toLowerCase());
}

/** The collection of a model of Mongoose. */
function collectionOf(program: System['program'], file: ParsedFile, call: AnyCall): string | undefined {
  const [given, , told] = call.arguments as readonly Node[];
  if (pathOf(call.callee as Node).at(-1) !== 'model' || call.arguments.length < 2) return undefined;
  const origin = program.originOf(file, call.callee as Node);
  const name = origin.kind === 'external' && origin.module === 'mongoose' ? nameOf(given) : undefined;
  return name === undefined ? undefined : (nameOf(told) ?? plural(name));
}

const plural = (name: string): string =>
  name
    .replace(/([^aeiou])y$/, '$1ie')
    .replace(/(s|x|ch|sh)$/, '$1e')
    .concat('s');

/** `class Order extends Model {}`, `Order.init({ … }, { tableName })` */
const isModel = (program: System['program'], file: ParsedFile, call: AnyCall): boolean => {
  const origin = program.originOf(file, call.callee as Node);
  return origin.kind === 'external' && origin.module === 'sequelize' && origin.path.includes('Model');
};

/** Sequelize makes the plural of a model's name, unless it is told the table. */
function definedTables(options: Node | undefined, name: string): string[] {
  const told = nameOf(property(options, 'tableName'));
  if (told !== undefined) return [told];
  if (name === '' || property(options, 'freezeTableName')) return [name];
  return [plural(name)];
}

const snake = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
