import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { type BuildFolder, buildFolders } from './build-folders.ts';
import { readEnvFile } from './env-file.ts';
import { generatedMaps } from './generated-maps.ts';
import { chartOf, rendered, settingsOf } from './helm.ts';
import { HOST_NETWORK, kubernetesFacts, podsOf } from './kubernetes.ts';
import { type Doc, isTree, numberAt, type Tree, text, treeAt } from './yaml-tree.ts';

/** A container as compose or Kubernetes would run it. */
export interface Deployment {
  readonly name: string;
  readonly kind: 'compose' | 'kubernetes';
  readonly file: string;
  readonly line: number;
  readonly image: string;
  /** The folder of the repository that it is built from. */
  readonly folder?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly environmentLines: Readonly<Record<string, number>>;
  /** Settings of a file that several containers are given: only who reads one uses it. */
  readonly sharedSettings?: ReadonlySet<string>;
  /** What runs before it, in its place: containers that Kubernetes starts first. */
  readonly before?: readonly { readonly environment: Readonly<Record<string, string>>; readonly line: number }[];
  readonly command: string;
  readonly dependsOn: readonly string[];
  /** Reachable from outside of the network of containers. */
  readonly publishedPorts: readonly { readonly port: string; readonly line: number }[];
  readonly probes: {
    readonly liveness?: string | undefined;
    readonly readiness?: string | undefined;
    readonly startup?: string | undefined;
  };
  /** What is run to know whether it lives, in place of a request. */
  readonly liveCommand?: string;
  /** It is told that nothing asks how it is. */
  readonly isUnchecked?: true;
  readonly probeLines: { readonly liveness?: number; readonly readiness?: number; readonly startup?: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly labelsLine: number;
  readonly hostPaths: readonly { readonly path: string; readonly line: number }[];
  readonly replicas: number | undefined;
}

/** What Kubernetes lets in from outside, and where a mesh breaks circuits. */
export interface KubernetesFacts {
  readonly exposed: readonly { readonly target: string; readonly how: string; readonly file: string; line: number }[];
  readonly sticky: readonly { readonly target: string; readonly how: string; readonly file: string; line: number }[];
  readonly meshBreakers: readonly string[];
  readonly ingresses: readonly Ingress[];
  /** What a controller of its own reads, and settings that are mounted as files. */
  readonly resources: readonly Doc[];
}

/** What an ingress hands to which service, and what is asked of its controller. */
export interface Ingress {
  readonly file: string;
  readonly line: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paths: readonly { readonly path: string; readonly service: string }[];
}

export interface DeploymentFiles {
  readonly deployments: readonly Deployment[];
  readonly kubernetes: KubernetesFacts;
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

const COMPOSE = /(^|\/)(docker-)?compose[^/]*\.ya?ml$/;
/** Files that change a deployment for developers or tests. */
const LOCAL_COMPOSE = /(override|dev|local|test|debug|ci)[^/]*\.ya?ml$/;

export function readDeployments(root: string, files: readonly string[]): DeploymentFiles {
  const unreadable: { path: string; reason: string }[] = [];
  const docs = files
    .filter((file) => /\.ya?ml$/.test(file) && !/(^|\/)\.github\//.test(file))
    .flatMap((file) => readYaml(root, file, unreadable));
  const compose = docs.filter(({ file }) => COMPOSE.test(file) && !LOCAL_COMPOSE.test(file));
  const folderOf = buildFolders(files);
  const manifests = docs.filter(({ value }) => 'apiVersion' in value && 'kind' in value);
  return {
    deployments: [
      ...compose.flatMap((doc) => composeServices(root, doc, folderOf)),
      ...patched(toldByCharts(root, manifests.flatMap(podsOf([...manifests, ...generatedMaps(root, docs)])))),
    ],
    kubernetes: kubernetesFacts(manifests),
    unreadable,
  };
}

/** A patch of an overlay says only what differs: all else is as in the manifest that it changes. */
const patched = (all: readonly Deployment[]): Deployment[] =>
  all.map((one) => {
    const base = one.image === '' && all.find(({ name, image }) => name === one.name && image !== '');
    if (!base) return one;
    const { image, probes, environment } = base;
    return { ...one, image, probes: { ...probes, ...one.probes }, environment: { ...environment, ...one.environment } };
  });

/** The values of a chart that deploys one thing are the settings of that. */
const toldByCharts = (root: string, all: readonly Deployment[]): Deployment[] =>
  all.map((one) => {
    const chart = chartOf(root, one.file);
    const isAlone = all.every((other) => other === one || chartOf(root, other.file)?.name !== chart?.name);
    return chart && isAlone ? { ...one, environment: { ...settingsOf(chart), ...one.environment } } : one;
  });

function readYaml(root: string, file: string, unreadable: { path: string; reason: string }[]): Doc[] {
  const lines = new LineCounter();
  const chart = chartOf(root, file);
  const content = readFileSync(join(root, file), 'utf8');
  const documents = parseAllDocuments(chart ? rendered(content, chart) : content, { lineCounter: lines, merge: true });
  if (!Array.isArray(documents)) return [];
  const isInteresting = COMPOSE.test(file) || chart !== undefined;
  return documents.flatMap((document): Doc[] => {
    if (document.errors.length > 0) {
      if (isInteresting) unreadable.push({ path: file, reason: document.errors[0]!.message.split('\n')[0]! });
      return [];
    }
    let value: unknown;
    try {
      value = document.toJS();
    } catch (error) {
      unreadable.push({ path: file, reason: (error as Error).message });
    }
    if (!isTree(value)) return [];
    const lineOf = (path: readonly (string | number)[]): number => {
      let line = 1;
      let node: unknown = document.contents;
      for (const key of path) {
        const pair = isMap(node) ? node.items.find(({ key: own }) => isScalar(own) && own.value === key) : undefined;
        const next = pair ?? (isSeq(node) ? node.items[Number(key)] : undefined);
        if (!next) break;
        const start = (pair ? (pair.key as { range?: number[] }) : (next as { range?: number[] })).range?.[0];
        if (start !== undefined) line = lines.linePos(start).line;
        node = pair ? pair.value : next;
      }
      return line;
    };
    return [{ file, value, lineOf }];
  });
}

function composeServices(root: string, doc: Doc, folderOf: BuildFolder): Deployment[] {
  const services = doc.value['services'];
  if (!isTree(services)) return [];
  const pathsOf = (value: unknown): string[] => environmentFiles(doc.file, isTree(value) ? value['env_file'] : []);
  const all = Object.values(services).flatMap(pathsOf);
  const isOfMany = (path: string): boolean => all.indexOf(path) !== all.lastIndexOf(path);
  return Object.entries(services).flatMap(([name, value]) => {
    if (!isTree(value)) return [];
    const at = (...path: (string | number)[]): number => doc.lineOf(['services', name, ...path]);
    const folder = folderOf(doc.file, value['build']);
    const shared = settingsIn(root, pathsOf(value).filter(isOfMany));
    const own = {
      ...settingsIn(
        root,
        pathsOf(value).filter((path) => !isOfMany(path)),
      ),
      ...environmentOf(value),
    };
    const environment = { ...shared, ...own };
    const lines = Object.keys(environment).map((key, index) => {
      const isList = Array.isArray(value['environment']);
      return [key, at('environment', isList ? indexOf(value['environment'], key, index) : key)] as const;
    });
    return [
      {
        name,
        kind: 'compose' as const,
        file: doc.file,
        line: at(),
        image: text(value['image']),
        ...(folder !== undefined && { folder }),
        environment,
        environmentLines: Object.fromEntries(lines),
        sharedSettings: new Set(Object.keys(shared).filter((key) => !(key in own))),
        command: [value['command'], value['entrypoint']].flat().map(text).join(' '),
        dependsOn: dependenciesOf(value['depends_on']),
        publishedPorts: openPorts(value, at),
        probes: value['healthcheck'] ? { readiness: commandIn((value['healthcheck'] as Tree)['test']) } : {},
        probeLines: value['healthcheck'] ? { readiness: at('healthcheck') } : {},
        ...(isSwitchedOff(value['healthcheck']) && { isUnchecked: true as const }),
        labels: pairsOf(value['labels'] ?? treeAt(value, ['deploy'])['labels']),
        labelsLine: at('labels'),
        hostPaths: hostPaths(value['volumes']).map(({ path, index }) => ({ path, line: at('volumes', index) })),
        replicas: numberAt(value, ['deploy', 'replicas']),
      },
    ];
  });
}

const commandIn = (given: unknown): string => [given].flat().map(text).join(' ');

/** `healthcheck: { disable: true }`, and `test: [NONE]`. */
const isSwitchedOff = (check: unknown): boolean =>
  isTree(check) && (check['disable'] === true || [check['test']].flat()[0] === 'NONE');

const indexOf = (list: unknown, key: string, otherwise: number): number => {
  const index = Array.isArray(list) ? list.findIndex((entry) => text(entry).startsWith(`${key}=`)) : -1;
  return index === -1 ? otherwise : index;
};

const environmentOf = (value: Tree): Record<string, string> => pairsOf(value['environment']);

/** What compose takes as a list of `NAME=value`, or as a map. */
function pairsOf(given: unknown): Record<string, string> {
  if (Array.isArray(given)) {
    return Object.fromEntries(
      given.map(text).map((entry) => {
        const at = entry.indexOf('=');
        return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
      }),
    );
  }
  return isTree(given) ? Object.fromEntries(Object.entries(given).map(([key, entry]) => [key, text(entry)])) : {};
}

const environmentFiles = (file: string, given: unknown): string[] =>
  [given]
    .flat()
    .map((entry) => text(isTree(entry) ? entry['path'] : entry))
    .filter(Boolean)
    .map((path) => posix.join(posix.dirname(file), path));

/** What files of settings say; where one is not kept in the repository, its example does. */
const settingsIn = (root: string, paths: readonly string[]): Record<string, string> =>
  Object.assign(
    {},
    ...paths.map((path) => {
      const found = [path, ...EXAMPLES.map((ending) => `${path}.${ending}`)].find((one) => existsSync(join(root, one)));
      return found === undefined ? {} : readEnvFile(join(root, found));
    }),
  );

const EXAMPLES = ['example', 'sample', 'template', 'dist'];

function dependenciesOf(given: unknown): string[] {
  if (Array.isArray(given)) return given.map(text);
  return isTree(given) ? Object.keys(given) : [];
}

const openPorts = (value: Tree, at: (...path: (string | number)[]) => number): { port: string; line: number }[] => [
  ...publishedPorts(value['ports']).map(({ port, index }) => ({ port, line: at('ports', index) })),
  ...(value['network_mode'] === 'host' ? [{ port: HOST_NETWORK, line: at('network_mode') }] : []),
];

function publishedPorts(given: unknown): { port: string; index: number }[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((entry, index) => {
    if (isTree(entry)) return entry['published'] === undefined ? [] : [{ port: text(entry['published']), index }];
    const port = text(entry);
    return /^(127\.|localhost:|\[::1\])/.test(port) ? [] : [{ port, index }];
  });
}

function hostPaths(given: unknown): { path: string; index: number }[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((entry, index) => {
    const source = isTree(entry)
      ? entry['type'] === 'tmpfs'
        ? ''
        : text(entry['source'])
      : text(entry).split(':')[0]!;
    const isReadOnly = isTree(entry) ? entry['read_only'] === true : /:ro$/.test(text(entry));
    return source === '' || isReadOnly ? [] : [{ path: source, index }];
  });
}
