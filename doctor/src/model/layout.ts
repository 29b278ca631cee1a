import { existsSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import type { ArchitectureFile } from './architecture-file.ts';
import { declaredParts } from './declared-parts.ts';
import type { Deployment } from './deployment.ts';
import { isRecord, readJson, readManifest } from './manifests.ts';
import { SERVED_FILE, servedFiles } from './served-files.ts';

export type PartKind = 'service' | 'gateway' | 'contracts' | 'library' | 'outside';

/** A folder of the repository that belongs together. */
export interface Part {
  readonly name: string;
  readonly kind: PartKind;
  /** From the root; empty for a repository that is one service. */
  readonly folder: string;
  readonly packageName?: string;
  readonly dependencies: ReadonlySet<string>;
  readonly scripts: Readonly<Record<string, string>>;
  /** By which names it is called in addresses, settings and traces. */
  readonly aliases: readonly string[];
}

export interface Layout {
  readonly parts: readonly Part[];
  readonly isGuessed: boolean;
  /** How the parts were found, in words. */
  readonly how: string;
}

/** As `architecture.json` says, or guessed from names, manifests and deployments. */
export function readLayout(root: string, files: readonly string[], given: Given): Layout {
  const { architecture, deployments } = given;
  const folders = foldersOf(files);
  if (architecture) {
    const parts = declaredParts(architecture, folders).map(([folder, kind]) => partAt(root, { folder, kind }));
    return { parts: withAliases(parts, deployments), isGuessed: false, how: 'architecture.json' };
  }
  const guessed = guessParts({ root, files, folders, deployments });
  const parts = withAliases(
    guessed.map((part) => partAt(root, part)),
    deployments,
  );
  return { parts, isGuessed: true, how: 'guessed from folder names, package manifests and deployment files' };
}

export interface Given {
  readonly architecture: ArchitectureFile | undefined;
  readonly deployments: readonly Deployment[];
}

export function foldersOf(files: readonly string[]): string[] {
  const found = new Set<string>();
  for (const file of files) {
    for (let at = posix.dirname(file); at !== '.'; at = posix.dirname(at)) found.add(at);
  }
  return [...found].sort();
}

interface Placed {
  readonly folder: string;
  readonly kind: PartKind;
}

interface Repository {
  readonly root: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly deployments: readonly Deployment[];
}

const SERVICE_PARENT = /(^|\/)(services|apps|microservices|svc|backends?|servers)\/[^/]+$/;
/** `src/services/orders` is a folder of one program, unless it starts by itself. */
const INSIDE = /(^|\/)(src|lib|app)\//;
const STARTS = /^(main|server|app|bootstrap)\.[cm]?[jt]s$/;
const LISTENS = /\.listen\(|\bserve\(|NestFactory\.create/;
const SERVICE_NAME = /(^|[-_.])(service|svc|api|server|worker|ms|microservice|backend)$|\w{3}service$/;
/** What answers for others by its library, whatever its name is. */
const GATEWAYS = /^(@apollo\/gateway|@graphql-hive\/gateway(-runtime)?|express-gateway)$/;
const GATEWAY_NAME =
  /(^|[-_.])(gateway|gw|apigw|apigateway|bff|edge|ingress|front-door)([-_.](service|svc|server|app|api|ms))?$/;
/** What leads to somebody outside is a service like others. */
const OF_OTHERS = /(payment|pay|bank|card|sms|e?mail|push|fax|notification|messag(e|ing)|carrier)s?[-_.]?(gateway|gw)/;
const CONTRACT_NAME =
  /(^|[-_.])(contracts?|protos?|protobufs?|schemas?|events?|messages?|api-types|event-types|message-types)$/;
const LIBRARY_PARENT = /(^|\/)(libs?|packages|modules|shared|common)(\/[^/]+)?$/;
const OUTSIDE = /(^|\/)(e2e|tests?|docs?|examples?|bench(marks?)?|tools?|tooling|scripts|sandbox|mocks|load-?tests?)$/;
const FRONTENDS = ['next', 'react-dom', 'vue', '@angular/core', 'svelte', 'nuxt', 'solid-js', 'vite'];
const SERVERS = /^(express|fastify|koa|hono|@hapi\/hapi|@nestjs\/(core|platform-.+|microservices)|restify|polka)$/;

/** Packages, folders below `services/` and what deployments build; a repository without any is one service. */
function guessParts(repository: Repository): Placed[] {
  const candidates = candidatesOf(repository);
  const placed = candidates.map((folder) => ({ folder, kind: kindOf(repository, folder) }));
  const isService = ({ kind }: Placed): boolean => kind === 'service' || kind === 'gateway';
  if (placed.some(isService)) return withProxies(repository, placed);
  return [{ folder: '', kind: 'service' }, ...placed.filter(({ kind }) => kind !== 'outside')];
}

/** What hands requests on to others, whatever its name is. */
const PROXIES =
  /^(http-proxy-middleware|express-http-proxy|http-proxy|@fastify\/(http-proxy|reply-from)|fast-gateway|koa-proxies)$/;

const DATABASES =
  /^(pg|postgres|mysql2?|mongoose|mongodb|typeorm|sequelize|knex|kysely|drizzle-orm|@prisma\/client|@mikro-orm\/.+)$/;

/** Where nothing is called a gateway, it is what has a library for passing requests on, or stands alone in front. */
function withProxies(repository: Repository, placed: readonly Placed[]): Placed[] {
  if (placed.some(({ kind }) => kind === 'gateway')) return [...placed];
  const { root } = repository;
  const isProxy = ({ folder, kind }: Placed): boolean =>
    kind === 'service' &&
    Object.keys(readManifest(join(root, folder, 'package.json')).dependencies ?? {}).some((one) => PROXIES.test(one));
  const front = placed.some(isProxy) ? undefined : frontOf(repository, placed);
  return placed.map((one) => (isProxy(one) || one === front ? { ...one, kind: 'gateway' } : one));
}

/** The only service that can be reached from outside, where it keeps nothing and is told where two others are. */
function frontOf({ root, deployments }: Repository, placed: readonly Placed[]): Placed | undefined {
  const services = placed.filter(({ kind }) => kind === 'service');
  const known = services.flatMap((part) => {
    const deployment = deployments.find(({ folder }) => folder === part.folder);
    return deployment ? [{ part, deployment }] : [];
  });
  const [only, ...others] = known.filter(({ deployment }) => deployment.publishedPorts.length > 0);
  if (!only || others.length > 0) return undefined;
  const { dependencies = {} } = readManifest(join(root, only.part.folder, 'package.json'));
  const words = Object.values(only.deployment.environment).flatMap((value) => value.split(/[^\w-]+/));
  const told = known.filter(({ deployment }) => words.includes(deployment.name));
  return told.length > 1 && !Object.keys(dependencies).some((one) => DATABASES.test(one)) ? only.part : undefined;
}

function candidatesOf({ root, files, folders, deployments }: Repository): string[] {
  const manifests = files.filter((file) => basename(file) === 'package.json').map((file) => posix.dirname(file));
  const nest = readJson<{ readonly projects?: unknown }>(join(root, 'nest-cli.json'));
  const projects = (isRecord(nest?.projects) ? Object.values(nest.projects) : []).flatMap((project) =>
    isRecord(project) && typeof project['root'] === 'string' ? [project['root']] : [],
  );
  const built = deployments.flatMap(({ folder }) => (folder ? [folder] : []));
  const hasSources = (folder: string): boolean =>
    files.some((file) => file.startsWith(`${folder}/`) && /\.[cm]?[jt]sx?$/.test(file));
  const startsAlone = (folder: string): boolean =>
    !INSIDE.test(folder) || files.some((file) => posix.dirname(file) === folder && startsProgram(root, file));
  const named = folders.filter(
    (folder) =>
      ((SERVICE_PARENT.test(folder) && startsAlone(folder)) ||
        BARE_LIBRARY.test(folder) ||
        (!folder.includes('/') && /[-_.](service|svc)$|gateway$/.test(folder))) &&
      hasSources(folder),
  );
  const all = new Set([...manifests.filter((folder) => folder !== '.'), ...projects, ...built, ...named]);
  all.delete('.');
  const sorted = [...[...all].filter((folder) => folders.includes(folder)), ...servedFiles(root, files)].sort();
  // What lies inside of a service belongs to it.
  return sorted.filter((folder) => !sorted.some((outer) => folder.startsWith(`${outer}/`) && isLeaf(outer)));
}

const startsProgram = (root: string, file: string): boolean =>
  STARTS.test(basename(file)) ||
  (/^index\.[cm]?[jt]s$/.test(basename(file)) && LISTENS.test(readFileSync(join(root, file), 'utf8')));

/** A library that is only named by a path alias, as Nx and Nest keep them. */
const BARE_LIBRARY = /^libs\/[^/]+$/;

const isLeaf = (folder: string): boolean => !LIBRARY_PARENT.test(folder) || /\/[^/]+$/.test(folder);

/** A package of the libraries that another one depends on, as `packages/server`: what servers are made from. */
const isTaken = ({ root, files }: Pick<Repository, 'root' | 'files'>, parent: string, name: string | undefined) =>
  LIBRARY_PARENT.test(parent) &&
  name !== undefined &&
  files.some(
    (file) => basename(file) === 'package.json' && name in (readManifest(join(root, file)).dependencies ?? {}),
  );

const DATA =
  /(^|\/)([\w.-]*Dockerfile[\w.-]*|\.[\w.-]+|LICENSE|Makefile)$|\.(json|ya?ml|md|txt|csv|tsv|sql|lock|env|gz|zip)$/i;

/** An image of data alone, as one that fills a database, is no service. */
const holdsProgram = (files: readonly string[], folder: string): boolean =>
  files.some((file) => file.startsWith(`${folder}/`) && !DATA.test(file));

function kindOf({ root, files, deployments }: Repository, folder: string): PartKind {
  if (SERVED_FILE.test(folder)) {
    return readFileSync(join(root, folder), 'utf8').includes('moleculer-web') ? 'gateway' : 'service';
  }
  const manifest = readManifest(join(root, folder, 'package.json'));
  const name = hyphenated(basename(folder));
  const dependencies = Object.keys({ ...manifest.dependencies });
  const serves = dependencies.some((dependency) => SERVERS.test(dependency));
  if (OUTSIDE.test(folder) || !holdsProgram(files, folder)) return 'outside';
  if (dependencies.some((dependency) => FRONTENDS.includes(dependency)) && !serves) return 'outside';
  const parent = posix.dirname(folder);
  if (LIBRARY_PARENT.test(parent) && CONTRACT_NAME.test(name)) return 'contracts';
  if (BARE_LIBRARY.test(folder) && !files.includes(`${folder}/package.json`)) return 'library';
  if ((GATEWAY_NAME.test(name) && !OF_OTHERS.test(name)) || dependencies.some((one) => GATEWAYS.test(one)))
    return 'gateway';
  const isDeployed =
    deployments.some((deployment) => deployment.folder === folder) || files.includes(`${folder}/Dockerfile`);
  const isNamedSo = SERVICE_NAME.test(name) && !isTaken({ root, files }, parent, manifest.name);
  if (isDeployed || SERVICE_PARENT.test(folder) || isNamedSo) return 'service';
  if (CONTRACT_NAME.test(name)) return 'contracts';
  if (serves && manifest.scripts?.['start'] !== undefined && !LIBRARY_PARENT.test(parent)) return 'service';
  return 'library';
}

function partAt(root: string, { folder, kind }: Placed): Part {
  const manifest = readManifest(join(root, folder, 'package.json'));
  const above = folder === '' ? {} : readManifest(join(root, 'package.json'));
  const own = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const name = folder === '' ? (manifest.name ?? 'system').replace(/^@[^/]+\//, '') : shortName(folder);
  return {
    name,
    kind,
    folder,
    ...(manifest.name !== undefined && { packageName: manifest.name }),
    dependencies: new Set(
      existsSync(join(root, folder, 'package.json')) ? own : Object.keys({ ...above.dependencies }),
    ),
    scripts: manifest.scripts ?? {},
    aliases: [],
  };
}

const shortName = (folder: string): string =>
  SERVED_FILE.exec(folder)?.[2] ?? basename(folder).replace(/[-_.](service|svc|microservice|ms)$/, '');

/** Words that a name could be written as: `order-service`, `orderService`, `ORDER`. */
function withAliases(parts: readonly Part[], deployments: readonly Deployment[]): Part[] {
  return parts.map((part) => {
    const deployed = deployments.filter(({ folder }) => folder !== undefined && folder === part.folder);
    const names = [part.name, basename(part.folder), part.packageName?.replace(/^@[^/]+\//, '') ?? ''];
    const all = [...names, ...deployed.map(({ name }) => name)].filter((name) => name !== '');
    const plain = all.flatMap((name) => [
      name.replace(/[-_.](service|svc|api|server|app|microservice|ms)$/, ''),
      name.replace(/(?<=\w{3})(service|svc)$/i, ''),
    ]);
    return { ...part, aliases: [...new Set([...all, ...plain].map(normalized))] };
  });
}

const hyphenated = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/** Without case, hyphens and plural. */
export const normalized = (name: string): string =>
  hyphenated(name)
    .replaceAll(/[_.\s]+/g, '-')
    .replace(/ies$/, 'y')
    .replace(/([^s])s$/, '$1');

/** Whether a deployment, a host or a container of this name is that part. */
export function isCalled({ aliases }: Part, name: string): boolean {
  const plain = name
    .toLowerCase()
    .replace(/[-_.](service|svc|(clusterip[-_.])?srv|api|app|server|deployment|depl)$/, '');
  return [name, plain].some((one) => one !== '' && aliases.includes(normalized(one)));
}

/** The service or gateway that a text names: an address, a setting, a host. The longest name wins. */
export function partNamedIn(text: string, parts: readonly Part[]): Part | undefined {
  const words = ` ${text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => normalized(word))
    .join(' ')} `;
  const run = words.replaceAll(' ', '');
  const hits = parts
    .filter(({ kind }) => kind === 'service' || kind === 'gateway')
    .flatMap((part) => part.aliases.map((alias) => ({ part, alias })))
    .filter(
      ({ alias }) =>
        words.includes(` ${alias.split('-').map(normalized).join(' ')} `) ||
        // `PRODUCT_CATALOG_SERVICE_ADDR` of `productcatalogservice`.
        (alias.length > 6 && !alias.includes('-') && run.includes(alias)),
    );
  return hits.sort((one, other) => other.alias.length - one.alias.length)[0]?.part;
}
