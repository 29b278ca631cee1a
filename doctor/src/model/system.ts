import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type ArchitectureFile, readArchitectureFile, THRESHOLDS, type Thresholds } from './architecture-file.ts';
import { type Deployment, type KubernetesFacts, readDeployments } from './deployment.ts';
import { isScript, isSource, isTest, listFiles, type Reading, readImports, readSources } from './files.ts';
import { isCalled, type Layout, type Part, readLayout } from './layout.ts';
import { jsonIn } from './manifests.ts';
import { Program } from './program.ts';
import { createResolver, type Resolve, type Target } from './resolver.ts';

/** One import, and where it leads. */
export interface ResolvedImport {
  readonly file: Pick<ParsedFile, 'path'>;
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
  readonly target: Target;
}

/** What could not be judged, and why. */
export interface Unknown {
  readonly subject: string;
  readonly why: string;
}

/** The repository cannot be read at all. */
export class RepositoryError extends Error {
  override readonly name = 'RepositoryError';
}

/** A system as its repository describes it: the one thing that all rules look at. */
export interface System {
  readonly root: string;
  readonly layout: Layout;
  readonly architecture: ArchitectureFile | undefined;
  readonly thresholds: Thresholds;
  /** Parts that run, and are judged: services first, then gateways. */
  readonly services: readonly Part[];
  readonly gateways: readonly Part[];
  /** Every file of the repository, also those that are no source. */
  readonly paths: readonly string[];
  readonly program: Program;
  readonly deployments: readonly Deployment[];
  readonly kubernetes: KubernetesFacts;
  readonly unknown: readonly Unknown[];
  readonly imports: readonly ResolvedImport[];
  importsOf(file: ParsedFile): readonly ResolvedImport[];
  /** The imports of what is there for tests only; read when it is asked for. */
  testImports(): readonly ResolvedImport[];
  partOf(path: string): Part | undefined;
  filesOf(part: Part): readonly ParsedFile[];
  /** The files of a part, and those of libraries that they import, directly or not. */
  closureOf(part: Part): readonly ParsedFile[];
  deploymentsOf(part: Part): readonly Deployment[];
  /** The texts of its Dockerfiles. */
  dockerfilesOf(part: Part): readonly string[];
}

/** Reads a repository; nothing of it is run. */
export function readSystem(path: string, given: Partial<Thresholds> = {}, reading: Reading = {}): System {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new RepositoryError(`${path} is no folder.`);
  const root = realpathSync(path);
  const { paths, closed } = listFiles(root);
  const architecture = readArchitectureFile(root);
  const { deployments, kubernetes, unreadable: yaml } = readDeployments(root, deployed(paths, architecture));
  const layout = readLayout(root, paths, { architecture, deployments });
  const resolve = createResolver(root, new Set(paths), layout.parts);
  const partOf = partFinder(layout.parts);
  const sources = paths.filter(
    (file) => (isSource(file) || isScript(root, file)) && !isTest(file) && isJudged(partOf(file)),
  );
  const { files, unreadable } = readSources(root, sources, reading);
  const program = new Program(files, resolve);
  const byPart = groupBy(files, (file) => partOf(file.path));
  const imports = resolvedImports(files, resolve);
  const importsByFile = groupBy(imports, ({ file }) => file.path);
  const runs = (kind: Part['kind']): Part[] => layout.parts.filter((part) => part.kind === kind);
  const dockerfiles = paths.filter((file) => /(^|\/)([\w.-]*\.)?Dockerfile([.-][\w.-]+)?$/.test(file));
  const closureOf = closures({ imports, partOf, byPart, program });
  return {
    root,
    layout,
    architecture,
    thresholds: { ...THRESHOLDS, ...architecture?.thresholds, ...given },
    services: runs('service'),
    gateways: runs('gateway'),
    paths,
    program,
    deployments,
    kubernetes,
    unknown: [...closed, ...unreadable, ...yaml, ...brokenManifests(root, paths)].map((one) => ({
      subject: one.path,
      why: `It cannot be read: ${one.reason}.`,
    })),
    imports,
    importsOf: (file) => importsByFile.get(file.path) ?? [],
    testImports: once(() => {
      const tests = paths.filter((file) => isSource(file) && isTest(file) && partOf(file) && isJudged(partOf(file)));
      return resolvedImports(readImports(root, tests), resolve);
    }),
    partOf,
    filesOf: (part) => byPart.get(part) ?? [],
    closureOf,
    deploymentsOf: perPart((part) => deployments.filter((deployment) => belongsTo(deployment, part, layout.parts))),
    dockerfilesOf: (part) =>
      dockerfiles.filter((file) => partOf(file) === part).map((file) => readFileSync(join(root, file), 'utf8')),
  };
}

function perPart<T>(find: (part: Part) => T): (part: Part) => T {
  const known = new Map<Part, T>();
  return (part) => {
    const found = known.get(part) ?? find(part);
    known.set(part, found);
    return found;
  };
}

/** Manifests that are no JSON: what they tell of a part is missing. */
const brokenManifests = (root: string, paths: readonly string[]) =>
  paths
    .filter((path) => /(^|\/)(package|nest-cli)\.json$/.test(path))
    .flatMap((path) => {
      try {
        jsonIn(join(root, path));
        return [];
      } catch (error) {
        return [{ path, reason: (error as Error).message }];
      }
    });

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Manifests of tests, and of what is declared to be outside, deploy nothing. */
function deployed(paths: readonly string[], architecture: ArchitectureFile | undefined): string[] {
  const outside = (architecture?.outside ?? []).map((folder) => `${folder.replace(/\/\*?$/, '')}/`);
  return paths.filter((path) => !isTest(path) && !outside.some((folder) => path.startsWith(folder)));
}

const isJudged = (part: Part | undefined): boolean => part?.kind !== 'outside';

/** Images of databases and brokers: `kafka` beside `kafka-service` is no replica of that. */
const INFRASTRUCTURE = new RegExp(
  String.raw`^(cp-)?(kafka|zookeeper|redpanda|rabbitmq|nats(-streaming)?|redis(-stack)?|mongo(db)?|` +
    String.raw`postgres(ql)?|postgis|mysql|mariadb|mailhog)\b`,
);

/** What is built from a folder that is no part, as where one Dockerfile builds all, is known by its name. */
function belongsTo(deployment: Deployment, part: Part, parts: readonly Part[]): boolean {
  if (deployment.folder !== undefined && parts.some(({ folder }) => folder === deployment.folder))
    return deployment.folder === part.folder;
  if (part.folder === '' && deployment.folder === undefined) return deployment.name === part.name;
  const image = deployment.image.split('/').at(-1)!.split(/[:@]/)[0]!;
  if (INFRASTRUCTURE.test(image)) return false;
  return isCalled(part, deployment.name) || isCalled(part, image);
}

function partFinder(parts: readonly Part[]): (path: string) => Part | undefined {
  const sorted = [...parts].sort((one, other) => other.folder.length - one.folder.length);
  const known = new Map<string, Part | undefined>();
  return (path) => {
    if (!known.has(path)) {
      known.set(
        path,
        sorted.find(({ folder }) => folder === '' || path === folder || path.startsWith(`${folder}/`)),
      );
    }
    return known.get(path);
  };
}

const resolvedImports = (files: readonly Pick<ParsedFile, 'path' | 'imports'>[], resolve: Resolve): ResolvedImport[] =>
  files.flatMap((file) =>
    file.imports.map(({ specifier, line, typeOnly }) => ({
      file,
      specifier,
      line,
      typeOnly,
      target: resolve(file.path, specifier),
    })),
  );

interface Graph {
  readonly imports: readonly ResolvedImport[];
  readonly partOf: (path: string) => Part | undefined;
  readonly byPart: ReadonlyMap<Part | undefined, readonly ParsedFile[]>;
  readonly program: Program;
}

function closures({ imports, partOf, byPart, program }: Graph): (part: Part) => readonly ParsedFile[] {
  const next = groupBy(imports, ({ file }) => file.path);
  const known = new Map<Part, readonly ParsedFile[]>();
  const isOther = (path: string, part: Part): boolean => {
    const owner = partOf(path);
    return owner !== part && (owner?.kind === 'service' || owner?.kind === 'gateway') && owner.folder !== '';
  };
  return (part) => {
    const before = known.get(part);
    if (before) return before;
    const found = new Set(byPart.get(part) ?? []);
    for (const file of found) {
      for (const { target } of next.get(file.path) ?? []) {
        const reached = target.kind === 'own' ? program.fileAt(target.path) : undefined;
        if (reached && !isOther(reached.path, part)) found.add(reached);
      }
    }
    const all = [...found];
    known.set(part, all);
    return all;
  };
}

/** Remembers what a function finds for a system. */
export function perSystem<T>(find: (system: System) => T): (system: System) => T {
  const known = new WeakMap<System, { readonly value: T }>();
  return (system) => {
    let found = known.get(system);
    if (!found) {
      found = { value: find(system) };
      known.set(system, found);
    }
    return found.value;
  };
}
