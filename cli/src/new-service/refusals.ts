import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Forms, ServiceNames } from './names.ts';
import { clashes, type Texts } from './template.ts';

/** With longer ones, lines that cannot be broken are longer than a line may be. */
const LONGEST: Readonly<Record<keyof ServiceNames, number>> = { service: 24, entity: 16, plural: 18 };
const FORM = /^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/;

/** They say nothing of what is meant, and the tidy test refuses them. */
const EMPTY = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'shared', 'base', 'manager']);

/** Words of TypeScript, and of its standard library where a class of that name would stand in the way. */
const OF_THE_LANGUAGE = new Set(
  `abstract any arguments array as async await bigint boolean break buffer case catch class const continue date debugger
  declare default delete do else enum error eval event export extends false finally for from function get global if
  implements import in instanceof interface is let map module namespace never new null number object of package partial
  pick private process promise protected public readonly record regexp require response request return satisfies set
  static string super switch symbol target this throw true try type typeof undefined unique unknown var void while with
  yield`.split(/\s+/),
);

/** Words of PostgreSQL that cannot be the name of a table. */
const OF_SQL = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate
  collation column columns concurrently constraint create cross current default deferrable desc distinct do else end
  except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull
  join lateral leading left like limit localtime natural not notnull null offset on only or order outer overlaps
  placing primary references returning right select session similar some symmetric table tablesample then to trailing
  true union unique user using values variadic verbose when where window with`.split(/\s+/),
);

/** Parts of a system and of its deployment that have these names already, and words that Mermaid keeps for itself. */
const OF_THE_SYSTEM = new Set(
  `balancer card-processor carrier catalogue checkout click database default end flowchart gateway graph kustomization
  linkstyle money nats postgres problem redis sandbox secrets settings style subgraph template0 template1`.split(/\s+/),
);

/** Why a service cannot have these names; nothing where it can. */
export function faultsOf(names: ServiceNames, template: Texts, root: string): readonly string[] {
  const malformed = KINDS.flatMap((kind) => malformedness(kind, names[kind]));
  if (malformed.length > 0) return malformed.slice(0, 1);
  const { service, entity, plural } = names;
  const used = taken(names, root);
  if (used.length > 0) return used;
  if (entity.kebab === plural.kebab)
    return [`One ${entity.spaced} and many of them need different names: choose another --plural.`];
  if (OF_THE_LANGUAGE.has(service.camel)) return [`${service.kebab} is a word of TypeScript: choose another name.`];
  const words = [...reserved(names), ...clashes(template, names)];
  if (words.length === 0) return [];
  const list = [...new Set(words)].join(', ');
  return [
    `${service.kebab} cannot be made of these names, for ${list} means something else in its code: try --entity.`,
  ];
}

const KINDS = ['service', 'entity', 'plural'] as const;

function malformedness(kind: keyof ServiceNames, { kebab }: Forms): string[] {
  const what = kind === 'service' ? 'A service' : `--${kind}`;
  const longest = LONGEST[kind];
  if (!FORM.test(kebab)) return [`${what} is called by words in lower case, such as gift-card: "${kebab}" is not.`];
  if (kebab.length < 2 || kebab.length > longest)
    return [`${what} has a name of 2 to ${longest} characters, and ${kebab} has ${kebab.length}.`];
  const empty = kebab.split('-').filter((word) => EMPTY.has(word));
  return empty.map((word) => `${what} cannot be called ${kebab}: "${word}" says nothing.`);
}

/** Services, packages, files and addresses that are there. */
function taken({ service: { kebab: name }, plural }: ServiceNames, root: string): string[] {
  const isThere = (path: string) => existsSync(join(root, path));
  const folder = isInUse(join(root, 'services', name)) ? [`There is a service ${name} already: services/${name}.`] : [];
  const system = OF_THE_SYSTEM.has(name) ? [`${name} is another part of the system: choose another name.`] : [];
  const contracts = `contracts/src/${name}.ts`;
  const packageName = `@ashlar/${name}-service`;
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (folder.length + system.length > 0) return [...folder, ...system];
  return [
    ...(isThere(contracts) ? [`There are contracts of that name already: ${contracts}.`] : []),
    ...(lock.includes(`"node_modules/${packageName}"`) ? [`There is a package ${packageName} already.`] : []),
    ...(addressesIn(root).has(plural.kebab)
      ? [`/v1/${plural.kebab} is answered by another service: choose other names by --entity or --plural.`]
      : []),
    ...(kitTables(root).has(plural.snake)
      ? [`${plural.snake} is a table of the kit in every service: choose other names by --entity or --plural.`]
      : []),
  ];
}

/** What was compiled stays behind when a service is taken away. */
const isInUse = (folder: string): boolean => existsSync(folder) && readdirSync(folder).some((name) => name !== 'dist');

const addressesIn = (root: string): ReadonlySet<string> =>
  matchesIn([join(root, 'gateway/src/routes.ts')], /\/v1\/([\w-]+)/g);

const kitTables = (root: string): ReadonlySet<string> =>
  matchesIn(
    globSync('packages/*/migrations/*.sql', { cwd: root }).map((file) => join(root, file)),
    /create table (\w+)/g,
  );

const matchesIn = (files: readonly string[], pattern: RegExp): ReadonlySet<string> =>
  new Set(files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, found]) => found!)));

const reserved = ({ entity, plural }: ServiceNames): string[] => [
  ...[entity.camel, plural.camel].filter((word) => OF_THE_LANGUAGE.has(word.toLowerCase())),
  ...[plural.snake].filter((word) => OF_SQL.has(word) || word === 'migrations'),
];
