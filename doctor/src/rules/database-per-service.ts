import { type DatabaseSetting, databaseSettings } from '../facts/databases.ts';
import { foreignLinks } from '../facts/foreign-links.ts';
import { givenRights } from '../facts/given-rights.ts';
import { foreignClients } from '../facts/prisma-clients.ts';
import { tablesAt } from '../facts/sql.ts';
import { filledTables, type Statement, statements, tableOwners } from '../facts/statements.ts';
import type { Part } from '../model/layout.ts';
import { normalized, partNamedIn } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import type { Model } from '../model.ts';
import { nameOf, pathOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import { modelsOfMany } from './models-of-many.ts';
import { openedDatabases } from './opened-databases.ts';
import type { Draft, Evidence, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { inTrace, seenInTraces } from './trace-evidence.ts';

/** One database and one login role a service; no foreign one in its settings or its SQL. */
export const databasePerService: Rule = {
  id: 'database-per-service',
  title: 'A database per service',
  items: ['database-per-service', 'shared-database'],
  severity: 'error',
  why: 'Services that share tables share every schema change, every lock and every outage, and nobody owns the data.',
  mend:
    'Give each service its own database and login role; let it keep a copy ' +
    'of what it needs from the events of others.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model), granted(model)),
};

function judge(system: System): Judgement {
  const settings = databaseSettings(system);
  const usesOne = (part: Part): boolean =>
    settings.some((setting) => setting.part === part) || tableOwners(system).some((owner) => owner.part === part);
  const withOne = system.services.filter(usesOne);
  const silent = system.services.filter((part) => !usesOne(part) && hasClient(system, part));
  return {
    findings: [
      ...toldOnce(databasesOfMany(settings)),
      ...toldOnce(loginsOfMany(settings)),
      ...openedDatabases(system),
      ...foreignTables(system),
      ...foreignSettings(system),
      ...rightsGiven(system),
      ...foreignLinks(system).map(({ statement, offset, to }) => ({
        subject: statement.part.name,
        what: `The database of ${statement.part.name} reads that of ${to.name}`,
        evidence: [placeOf(statement, offset)],
      })),
      ...enteredByName(system),
      ...foreignClients(system).map(({ part, owner, used: { file, line, specifier } }) => ({
        subject: part.name,
        what: `${part.name} asks the database of ${owner.name} by its client`,
        evidence: [{ file: file.path, line, text: `import "${specifier}"` }],
      })),
      ...modelsOfMany(system, (file) => asksTables(system, file), OF_A_KIT),
    ],
    judged: withOne.map(({ name }) => name),
    unknown: silent.map(({ name }) => ({
      subject: name,
      why: 'It has a database client, but its database is told nowhere in the repository.',
    })),
  };
}

const CLIENT = new RegExp(
  '^(pg|mysql2?|mongoose|mongodb|typeorm|sequelize|knex|drizzle-orm|@prisma/client|' +
    '@nestjs/(typeorm|mongoose|sequelize))$',
);

const hasClient = (system: System, part: Part): boolean =>
  [...part.dependencies].some((name) => CLIENT.test(name)) ||
  system.closureOf(part).some((file) => file.imports.some(({ specifier }) => CLIENT.test(specifier)));

const evidenceOf = ({ file, line, part, engine, host, database, user }: DatabaseSetting) => ({
  file,
  line,
  text: `${part.name}: ${engine}://${user === '' ? '' : `${user}@`}${host || '?'}/${database}`,
});

/** One setting of each part: that of its deployment, where there is one. */
const firstOfParts = (settings: readonly DatabaseSetting[]): DatabaseSetting[] =>
  [...new Map(settings.toReversed().map((setting) => [setting.part, setting])).values()].reverse();

/** What several files of settings say, for development and for containers, is one fault. */
const toldOnce = (drafts: readonly Draft[]): Draft[] =>
  [...new Map(drafts.toReversed().map((draft) => [draft.what, draft])).values()].reverse();

function databasesOfMany(settings: readonly DatabaseSetting[]): Draft[] {
  const byPlace = groupBy(settings, (one) => `${one.engine}://${serverOf(one)}/${one.database}`);
  return [...byPlace.values()].flatMap((same) => {
    const parts = firstOfParts(same);
    if (parts.length < 2) return [];
    const names = parts.map(({ part }) => part.name).sort();
    const what = `${names.join(' and ')} use one database, ${same[0]!.database}`;
    return [{ subject: names.join(', '), what, evidence: parts.map(evidenceOf) }];
  });
}

const serverOf = ({ host, network = '' }: DatabaseSetting): string =>
  /^(127\.0\.0\.1|localhost|)$/.test(host) ? 'localhost' : `${network}/${host}`;

function loginsOfMany(settings: readonly DatabaseSetting[]): Draft[] {
  const named = settings.filter(({ user, host }) => user !== '' && !/[{}]/.test(user) && host !== '');
  const byRole = groupBy(named, (one) => `${one.engine}://${one.user}@${serverOf(one)}`);
  return [...byRole.values()].flatMap((same) => {
    const parts = firstOfParts(same);
    if (parts.length < 2 || new Set(parts.map(({ database }) => database)).size < 2) return [];
    const names = parts.map(({ part }) => part.name).sort();
    const what =
      `${names.join(' and ')} log in to one server as one role, ${same[0]!.user}: ` +
      `each can read the other's database`;
    return [{ subject: names.join(', '), what, evidence: parts.map(evidenceOf) }];
  });
}

/** SQL that names a table which only another service makes, or a schema of another service. */
function foreignTables(system: System): Draft[] {
  const owners = groupBy(tableOwners(system), ({ table }) => table.split('.').at(-1)!);
  const writers = writersOf(system);
  return statements(system).flatMap((statement) =>
    tablesAt(statement.text).flatMap(({ table, offset }) => {
      const [schema, name] = table.includes('.') ? table.split('.') : ['', table];
      const owner =
        ownerBySchema(system, statement, schema!) ??
        soleOwner(
          owners.get(name!) ?? (isOwnName(statement.part, name!) ? [] : (writers.get(name!) ?? [])),
          statement.part,
        );
      if (!owner) return [];
      const what = `${statement.part.name} reads or writes ${table}, a table of ${owner.name}`;
      return [{ subject: statement.part.name, what, evidence: [placeOf(statement, offset)] }];
    }),
  );
}

/** Who fills a table that nothing in the repository makes: the only one that does owns it. */
function writersOf(system: System): Map<string, Statement[]> {
  const filled = [...statements(system), ...filledTables(system)].flatMap((statement) =>
    [...statement.text.matchAll(INSERTS)].map(([, table]) => ({ table: table!.toLowerCase(), statement })),
  );
  const byTable = groupBy(filled, ({ table }) => table);
  return new Map(
    [...byTable]
      .filter(([table, all]) => !OF_A_KIT.test(table) && new Set(all.map(({ statement: { part } }) => part)).size === 1)
      .map(([table, all]) => [table, all.map(({ statement }) => statement)]),
  );
}

const INSERTS = /\binsert\s+(?:ignore\s+)?into\s+["`]?(\w+)["`]?/gi;

const isOwnName = ({ aliases }: Part, table: string): boolean => aliases.includes(normalized(table));

/** Migrations are long: there it is the line that names the table. */
function placeOf({ file, line, text, shown }: Statement, offset: number): Evidence {
  if (shown !== undefined) return { file, line, text: oneLine(shown) };
  if (!file.endsWith('.sql')) return { file, line, text: oneLine(text) };
  const before = text.slice(0, offset).split('\n').length;
  return { file, line: before, text: oneLine(text.split('\n')[before - 1]!) };
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 160);

function soleOwner(owners: readonly { readonly part: Part }[], reader: Part): Part | undefined {
  const parts = [...new Set(owners.map(({ part }) => part))];
  return parts.length > 0 && !parts.includes(reader) ? parts[0] : undefined;
}

function ownerBySchema(system: System, { part }: Statement, schema: string): Part | undefined {
  const plain = normalized(schema.replace(/_(db|database|schema)$/, ''));
  return schema === '' ? undefined : system.services.find((one) => one !== part && one.aliases.includes(plain));
}

const rightsGiven = (system: System): Draft[] =>
  givenRights(system).map(({ statement, offset, role, to }) => {
    const what = `${statement.part.name} lets ${role}, the role of ${to.name}, into its database`;
    return { subject: statement.part.name, what, evidence: [placeOf(statement, offset)] };
  });

const DATABASE_SETTING = /^([A-Z0-9_]+?)_(SERVICE_)?(DATABASE|DB|POSTGRES|PG|MYSQL|MONGO|MONGODB)(_\w+)?$/;

/** A setting that bears the name of another service's database. */
function foreignSettings(system: System): Draft[] {
  return system.services.flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      file.all('MemberExpression').flatMap((node) => {
        const name = nameOf(node.property as Node) ?? '';
        const [, prefix] = DATABASE_SETTING.exec(name) ?? [];
        if (prefix === undefined || !/(^|\.)(process\.env|env)\./.test(`${pathOf(node).join('.')}`)) return [];
        const owner = system.services.find((one) => one !== part && one.aliases.includes(normalized(prefix)));
        if (!owner || part.aliases.includes(normalized(prefix))) return [];
        const what = `${part.name} reads the setting ${name}: the database of ${owner.name}`;
        const line = file.lineAt(node.start);
        return [{ subject: part.name, what, evidence: [{ file: file.path, line, text: name }] }];
      }),
    ),
  );
}

/** Another service's database on the same server: `connection.useDb('orders')`, `client.db('orders')`. */
function enteredByName(system: System): Draft[] {
  return system.services.flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      file.all('CallExpression').flatMap((call) => {
        const name = nameOf(call.arguments[0]);
        if (name === undefined || !/^(useDb|db)$/.test(pathOf(call.callee).at(-1)!)) return [];
        const origin = system.program.originOf(file, call.callee);
        if (origin.kind !== 'external' || !/^(mongoose|mongodb|@nestjs\/mongoose)$/.test(origin.module)) return [];
        const plain = normalized(name.replace(/[-_]?(db|database)$/i, ''));
        const owner = system.services.find((one) => one !== part && one.aliases.includes(plain));
        if (!owner || part.aliases.includes(plain)) return [];
        const line = file.lineAt(call.start);
        const what = `${part.name} enters ${name}, the database of ${owner.name}`;
        return [
          { subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] },
        ];
      }),
    ),
  );
}

type Node = Parameters<typeof nameOf>[0] & object;

/** What a kit keeps for its own work, in the database of each service. */
const OF_A_KIT = /outbox|inbox|migration|idempot|lease|lock|job|saga|snapshot|event|checkpoint|message|session/;

/** Queries of a library on tables of its own naming: `db('orders')`. */
const asksTables = ({ program }: System, file: ParsedFile): boolean =>
  file.all('CallExpression').some((call) => {
    const table = nameOf(call.arguments[0]);
    if (table === undefined || OF_A_KIT.test(table) || !/^[a-z_]+$/.test(table)) return false;
    const origin = program.originOf(file, call.callee as Node);
    const isQuery = origin.kind === 'external' && (origin.module === 'knex' || origin.module === 'mongodb');
    return (
      isQuery &&
      (origin.path.length === 0 || origin.path.at(-1) === 'collection') &&
      call.callee.type !== 'Super' &&
      !isOpening(file, call)
    );
  });

const isOpening = (file: ParsedFile, call: Node): boolean => /^(knex|connect)/.test(file.textOf(call).slice(0, 8));

const seen = (model: Model): Judgement =>
  merge(
    seenInTraces(model, ({ databases }) => [...databases.values()].flatMap((users) => [...users.keys()]), askedByMany),
    { ...NOTHING, unknown: unnamedDatabases(model.traces) },
  );

const isNamed = (database: string): boolean => !database.endsWith('/') && !database.includes(':///');

const askedByMany = ({ databases }: TraceFacts): Draft[] =>
  [...databases].flatMap(([database, users]) => {
    if (users.size < 2 || !isNamed(database)) return [];
    const names = [...users.keys()].sort();
    const what = `${names.join(' and ')} ask one database, ${database}`;
    return [{ subject: names.join(', '), what, evidence: [...users.values()].map(inTrace) }];
  });

const unnamedDatabases = (traces: TraceFacts | undefined) =>
  [...(traces?.databases ?? [])]
    .filter(([database, users]) => users.size > 1 && !isNamed(database))
    .map(([database, users]) => ({
      subject: [...users.keys()].join(', '),
      why: `Their spans name ${database} without address or database name, so that it may or may not be the same one.`,
    }));

/** A role that may enter a database which belongs to another role. */
function granted({ grants, system }: Model): Judgement {
  if (!grants) return NOTHING;
  const ownerOf = (role: string): string => partNamedIn(role, system?.services ?? [])?.name ?? role;
  const owners = new Map(grants.grants.filter(({ isOwner }) => isOwner).map(({ database, role }) => [database, role]));
  const roles = new Set(owners.values());
  const foreign = grants.grants.filter(({ isOwner, role }) => !isOwner && roles.has(role));
  return {
    judged: [...roles, ...grants.superusers].map(ownerOf),
    unknown: [],
    findings: [
      ...grants.superusers.map((role) => {
        const what = `The role ${role} is a superuser: it may enter every database`;
        const evidence = [{ text: `pg_roles: ${role}, rolsuper` }];
        return { subject: ownerOf(role), what, evidence, mend: `alter role "${role}" nosuperuser` };
      }),
      ...foreign.map(({ role, database }) => ({
        subject: ownerOf(role),
        what: `The role ${role} may enter ${database}, the database of ${owners.get(database)}`,
        evidence: [{ text: `has_database_privilege('${role}', '${database}', 'CONNECT')` }],
        mend: `revoke connect on database "${database}" from public, "${role}"`,
      })),
    ],
  };
}
