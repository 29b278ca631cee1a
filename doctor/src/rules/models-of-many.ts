import type { Node } from 'oxc-parser';
import { databaseSettings } from '../facts/databases.ts';
import { entityTables } from '../facts/statements.ts';
import { usedFiles } from '../facts/used-files.ts';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { decoratorsOf, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

/** What maps tables or collections: entities, models of Mongoose and Sequelize, tables of Drizzle. */
const MODEL = /\b(mongoose\.model|sequelize\.define|(pg|mysql)Table|SchemaFactory\.createForClass)\(/;
const PLAIN_MODEL = /(^|[^.\w])model(<[^>()]*>)?\(\s*['"`]/m;

/** ORM entities in a library that several services import: one schema with several owners. */
export function modelsOfMany(system: System, asksTables: (file: ParsedFile) => boolean, isOfKit: RegExp): Draft[] {
  const homes = system.program.files.filter((file) => {
    const kind = system.partOf(file.path)?.kind;
    if (kind === 'service' || kind === 'gateway') return false;
    const isEntity = file
      .all('ClassDeclaration')
      .some((node) => decoratorsOf(node).some(({ name }) => name === 'Entity'));
    const tables = entityTables(system, file);
    if (tables.length > 0 && tables.every((one) => isOfKit.test(one))) return false;
    const text = file.lines.join('\n');
    const isMongoose = file.imports.some(({ specifier }) => specifier === 'mongoose');
    const isModel = MODEL.test(text) || (isMongoose && PLAIN_MODEL.test(text));
    return isEntity || isModel || (system.layout.isGuessed && asksTables(file));
  });
  return homes.flatMap((home) => {
    const users = system.services.filter((part) => maps(system, part, home));
    if (users.length < 2 || areApart(system, home, users)) return [];
    const names = users.map(({ name }) => name);
    const what = `${names.join(' and ')} map the same tables by the entities of ${home.path}`;
    return [
      {
        subject: names.join(', '),
        what,
        evidence: [{ file: home.path, line: 1, text: 'entities that services share' }],
      },
    ];
  });
}

/** The same tables in databases of their own: an outbox, and what was handled, each service has for itself. */
function areApart(system: System, home: ParsedFile, users: readonly Part[]): boolean {
  const isOfMongo = home.imports.some(({ specifier }) => /mongo/.test(specifier));
  const settings = databaseSettings(system).filter(({ engine }) => (engine === 'mongodb') === isOfMongo);
  const places = users.map((part) => [
    ...new Set(settings.flatMap((one) => (one.part === part ? [`${one.host}/${one.database}`] : []))),
  ]);
  const all = places.flat();
  return places.every((own) => own.length > 0) && new Set(all).size === all.length;
}

/** Whether a part uses a model, and not only the type of what is in it. */
function maps(system: System, part: Part, home: ParsedFile): boolean {
  const files = usedFiles(system, part);
  if (!files.includes(home)) return false;
  const offered = system.program.scopesOf(home).exports;
  if (offered.size === 0) return true;
  return files.some(
    (file) =>
      file !== home &&
      file
        .all('Identifier')
        .some((one) => offered.has(one.name) && isValue(file, one) && isFrom(system, { file, node: one }, home)),
  );
}

const NO_VALUE = new RegExp(
  '^(TS(TypeReference|QualifiedName|TypeQuery|ClassImplements|InterfaceHeritage)|' +
    String.raw`(Import|Export)\w*Specifier|Property)$`,
);

const isValue = (file: ParsedFile, node: Node): boolean =>
  !NO_VALUE.test(file.parentOf(node)?.type ?? '') || isShort(file, node);

/** `{ User }` and `{ schema: User }` use it; `{ User: 1 }` does not. */
function isShort(file: ParsedFile, node: Node): boolean {
  const parent = file.parentOf(node);
  return parent?.type === 'Property' && parent.value === node;
}

interface Named {
  readonly file: ParsedFile;
  readonly node: Extract<Node, { type: 'Identifier' }>;
}

function isFrom(system: System, { file, node }: Named, home: ParsedFile): boolean {
  const binding = system.program.scopesOf(file).lookUp(node.name, node);
  if (binding?.kind === 'value') {
    const made = binding.init;
    const [given] = made?.type === 'CallExpression' && nameOf(made.callee as Node) === 'require' ? made.arguments : [];
    const target = given ? system.program.resolve(file.path, nameOf(given as Node) ?? '') : undefined;
    return target?.kind === 'own' && target.path === home.path;
  }
  if (binding?.kind !== 'import') return false;
  const origin = system.program.originOf(file, node);
  if ('file' in origin) return origin.file === home;
  return nameOf(node) !== undefined;
}
