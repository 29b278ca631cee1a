import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Node } from 'oxc-parser';
import { readEnvFile } from '../model/env-file.ts';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { isFunction, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { withMongoName } from './mongo-names.ts';

/** A database that a part is told to use, and where it is told. */
export interface DatabaseSetting {
  readonly part: Part;
  readonly file: string;
  readonly line: number;
  readonly engine: string;
  /** The folder of compose files that alone know this host, where other folders call another one so. */
  readonly network?: string;
  readonly host: string;
  readonly database: string;
  readonly user: string;
}

const ENGINES: Readonly<Record<string, string>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  pg: 'postgres',
  mysql: 'mysql',
  mysql2: 'mysql',
  mariadb: 'mysql',
  mongodb: 'mongodb',
  'mongodb+srv': 'mongodb',
  mssql: 'mssql',
  sqlserver: 'mssql',
  cockroachdb: 'postgres',
};

const ADDRESS = /^([a-z0-9+]+):\/\/(?:([^:@/]*)(?::[^@/]*)?@)?([^/?]*)(?:\/([^?]*))?/i;

/** All databases that parts are told to use: in compose and Kubernetes, in `.env` files, and in their code. */
export const databaseSettings = perSystem((system: System): readonly DatabaseSetting[] =>
  [...system.services, ...system.gateways].flatMap((part) => {
    const named = (all: Readonly<Record<string, string>>): Record<string, string> =>
      Object.fromEntries(Object.entries(all).map(([key, value]) => [key, withMongoName(system, part, value)]));
    const deployed = system
      .deploymentsOf(part)
      .flatMap(({ file, line: own, environment, environmentLines, sharedSettings, before = [] }) => [
        ...fromEnvironment(named(environment))
          .filter(({ key }) => !sharedSettings?.has(key) || isRead(system, part, key))
          .map(({ key, setting }) => ({
            ...setting,
            ...networkOf(system, file, setting.host),
            part,
            file,
            line: environmentLines[key] ?? own,
          })),
        ...before.flatMap((first) =>
          fromEnvironment(named(first.environment)).map(({ setting }) => ({
            ...setting,
            part,
            file,
            line: first.line,
          })),
        ),
      ]);
    const files = system.paths.filter(
      (path) => isOwnEnvFile(path) && system.partOf(path) === part && part.folder !== '' && deployed.length === 0,
    );
    const environment: Record<string, string> = Object.assign(
      {},
      ...system.deploymentsOf(part).map((one) => one.environment),
      ...files.map((file) => readEnvFile(join(system.root, file))),
    );
    const settings = files.flatMap((file) =>
      fromEnvironment(named(readEnvFile(join(system.root, file)))).map((found) => ({
        ...found.setting,
        part,
        file,
        line: lineOfSetting(join(system.root, file), found.key),
      })),
    );
    const coded = system
      .filesOf(part)
      .flatMap((file) => [...fromCode(system, { part, file, environment }), ...written(system, part, file)]);
    return [...deployed, ...settings, ...coded];
  }),
);

/** `db` of one compose file is not that of another one, in another folder. */
function networkOf({ deployments }: System, file: string, host: string): { readonly network?: string } {
  const homes = deployments
    .filter(({ kind, name }) => kind === 'compose' && name === host)
    .map((one) => dirname(one.file));
  return new Set(homes).size > 1 && homes.includes(dirname(file)) ? { network: dirname(file) } : {};
}

/** Whether a part reads a setting itself, or the schema of its Prisma does. */
const isRead = (system: System, part: Part, key: string): boolean =>
  system.closureOf(part).some(({ lines }) => lines.some((line) => line.includes(key))) ||
  system.paths.some(
    (path) =>
      path.endsWith('.prisma') &&
      system.partOf(path) === part &&
      readFileSync(join(system.root, path), 'utf8').includes(key),
  );

const isOwnEnvFile = (path: string): boolean => /(^|\/)\.env(\.(?!test)\w+)*$/.test(path);

function lineOfSetting(path: string, key: string): number {
  const lines = readFileSync(path, 'utf8').split('\n');
  return (
    1 +
    Math.max(
      0,
      lines.findIndex((line) =>
        line
          .replace(/^\s*export\s+/, '')
          .trim()
          .startsWith(`${key}=`),
      ),
    )
  );
}

type Bare = Omit<DatabaseSetting, 'part' | 'file' | 'line' | 'network'>;

function fromEnvironment(environment: Readonly<Record<string, string>>): { key: string; setting: Bare }[] {
  const addresses = Object.entries(environment).flatMap(([key, value]) => {
    const setting = parseAddress(expand(value, environment)) ?? secretAddress(key, value);
    return setting ? [{ key, setting }] : [];
  });
  const named = Object.entries(environment).flatMap(([key, value]) => {
    const prefix = /^(.*?)(DATABASE|DB)_?(NAME|DATABASE|DB)?$/i.exec(key.replace(/_DB$/, '_DATABASE'))?.[1];
    const isName = new RegExp(
      String.raw`^(\w+_)?(DB_NAME|DB_DATABASE|DATABASE_NAME|(POSTGRES|PG|MYSQL|MARIADB)_?(DB|DATABASE)|` +
        String.raw`TYPEORM_DATABASE|MONGO_DB(_NAME)?)$`,
      'i',
    ).test(key);
    if (!isName || prefix === undefined || value.includes('://')) return [];
    const pick = (pattern: RegExp): string =>
      Object.entries(environment).find(
        ([name]) => pattern.test(name) && !/REDIS|KAFKA|RABBIT|NATS|AMQP/.test(name),
      )?.[1] ?? '';
    const host = pick(/(^|_)(DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|TYPEORM|MONGO)_?HOST$/i);
    const user = pick(/(^|_)(DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|TYPEORM)_?USER(NAME)?$/i);
    const engine = /MYSQL/.test(key) ? 'mysql' : /MONGO/.test(key) ? 'mongodb' : 'postgres';
    return [{ key, setting: { engine, host: host.toLowerCase(), database: value, user } }];
  });
  return addresses.length > 0 ? addresses : named.slice(0, 1);
}

/** The address that a secret holds: whoever is told the same key of the same one enters the same database. */
function secretAddress(key: string, value: string): Bare | undefined {
  const [, secret, name] = /^\{secret (\S+)\/(\S+)\}$/.exec(value) ?? [];
  const isAddress = /(DATABASE|DB|POSTGRES|PG|MYSQL|MONGO(DB)?)_?(URL|URI|DSN|CONNECTION(_STRING)?)$/i.test(key);
  return secret && isAddress ? { engine: 'secret', host: secret, database: `${secret}/${name}`, user: '' } : undefined;
}

/** `${NAME:-default}`, `${NAME:?why it is needed}` and `$NAME` in the value of a setting. */
const expand = (value: string, environment: Readonly<Record<string, string>>): string =>
  value.replaceAll(/\$(?:\{(\w+)(?::?([-?+])([^}]*))?\}|(\w+))/g, (...found: string[]) => {
    const [, braced, how, otherwise = '', plain] = found;
    const name = braced ?? plain!;
    return environment[name] ?? (how === '-' ? otherwise : `{${name}}`);
  });

/** `postgres://user:password@host:5432/database` */
export function parseAddress(text: string): Bare | undefined {
  const [, scheme = '', user = '', host = '', database = ''] = ADDRESS.exec(text.trim()) ?? [];
  const engine = ENGINES[scheme.toLowerCase()];
  if (!engine || database === '' || /[{}]|\$\(/.test(database) || host.includes('$(')) return undefined;
  return { engine, host: host.toLowerCase().replace(/:\d+$/, ''), database: decodeURIComponent(database), user };
}

interface Coded {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly environment: Readonly<Record<string, string>>;
}

const CLIENTS = new RegExp(
  '^(pg|pg-promise|postgres|mysql2?|mariadb|mongoose|mongodb|typeorm|sequelize|sequelize-typescript|' +
    'knex|@nestjs/(typeorm|mongoose|sequelize)|@mikro-orm/.+|slonik|drizzle-orm|mssql|' +
    String.raw`promise-mysql)$`,
);
const OPENS = new RegExp(
  '^(Pool|Client|connect|createConnection|createPool|forRoot|forRootAsync|DataSource|Sequelize|MongoClient|' +
    String.raw`init|create|knex|drizzle|postgres|pgp|default|createPoolCluster)$`,
);

/** The address of a database as a text of its own, and not as what a setting falls back to. */
const written = (system: System, part: Part, file: ParsedFile): DatabaseSetting[] =>
  file.all('Literal').flatMap((node) => {
    const parsed = typeof node.value === 'string' ? parseAddress(withMongoName(system, part, node.value)) : undefined;
    const isDefault =
      file.parentOf(node)?.type === 'LogicalExpression' || file.parentOf(node)?.type === 'AssignmentPattern';
    return parsed && !isDefault ? [{ ...parsed, part, file: file.path, line: file.lineAt(node.start) }] : [];
  });

/** A connection that is opened with its address, or with options, in the text. */
function fromCode(system: System, { part, file, environment }: Coded): DatabaseSetting[] {
  const { program } = system;
  return callsIn(file).flatMap((call) => {
    const origin = program.originOf(file, call.callee as Node);
    if (origin.kind !== 'external' || !CLIENTS.test(origin.module)) return [];
    const name = origin.path.at(-1) ?? 'default';
    if (!OPENS.test(name) || origin.path.length > 2) return [];
    const line = file.lineAt(call.start);
    const text = (node: Node | undefined): string => (node ? settled(textOf(program, file, node), environment) : '');
    return (call.arguments as readonly Node[]).flatMap((given): DatabaseSetting[] => {
      const options =
        given.type === 'ObjectExpression'
          ? (objectIn(given, 'connection') ?? madeBy(file, property(given, 'useFactory')) ?? given)
          : undefined;
      const address = options ? text(first(options, ['connectionString', 'url', 'uri', 'connection'])) : text(given);
      const parsed = parseAddress(withMongoName(system, part, address));
      if (parsed) return [{ ...parsed, part, file: file.path, line }];
      const database = options ? text(first(options, ['database', 'dbName', 'db'])) : '';
      if (database === '' || /[{}|]/.test(database)) return [];
      const engine = ENGINES[text(first(options!, ['type', 'dialect', 'client'])) || origin.module] ?? 'postgres';
      const host = text(first(options!, ['host', 'server'])).toLowerCase();
      return [
        { part, file: file.path, line, engine, host, database, user: text(first(options!, ['user', 'username'])) },
      ];
    });
  });
}

/** The options that Nest asks a function for. */
function madeBy(file: ParsedFile, factory: Node | undefined): Node | undefined {
  if (!factory || !isFunction(factory)) return undefined;
  if (factory.body?.type === 'ObjectExpression') return factory.body;
  return file
    .all('ReturnStatement')
    .filter(({ start, end }) => factory.start <= start && end <= factory.end)
    .map(({ argument }) => argument as Node | null)
    .find((answer): answer is Node => answer?.type === 'ObjectExpression');
}

const objectIn = (node: Node, name: string): Node | undefined => {
  const found = property(node, name);
  return found?.type === 'ObjectExpression' ? found : undefined;
};

const first = (node: Node, names: readonly string[]): Node | undefined =>
  names.map((name) => property(node, name)).find((value) => value !== undefined);

/** Settings by their values, where a deployment or an `.env` file tells them; else by what the code falls back to. */
function settled(text: string, environment: Readonly<Record<string, string>>): string {
  const known = text.replaceAll(
    /\{[^{}]*?([A-Z][A-Z0-9_]+)[^{}]*\}/g,
    (open, name: string) => environment[name] ?? open,
  );
  return known.split('|').find((one) => !/[{}]/.test(one)) ?? known;
}
