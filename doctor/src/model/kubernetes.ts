import type { Deployment, Ingress, KubernetesFacts } from './deployment.ts';
import { type Doc, isTree, numberAt, type Tree, text, treeAt } from './yaml-tree.ts';

/** Every port of it is one of its machine. */
export const HOST_NETWORK = 'those of the host network';

interface Pod {
  readonly name: string;
  readonly doc: Doc;
  readonly spec: Tree;
  readonly path: readonly string[];
  /** Which of its containers is the service; the others stand beside it. */
  readonly index: number;
}

export const podsOf =
  (all: readonly Doc[]) =>
  (doc: Doc): Deployment[] => {
    const { value } = doc;
    if (!['Deployment', 'StatefulSet', 'DaemonSet', 'Pod'].includes(text(value['kind']))) return [];
    const path = value['kind'] === 'Pod' ? ['spec'] : ['spec', 'template', 'spec'];
    const spec = treeAt(value, path);
    const name = text(treeAt(value, ['metadata'])['name']);
    const containers = listOf(spec['containers']);
    const index = Math.max(
      0,
      containers.findIndex((one) => text(one['name']) === name),
    );
    return containers.slice(index, index + 1).map((one) => containerOf({ name, doc, spec, path, index }, one, all));
  };

const listOf = (value: unknown): Tree[] => (Array.isArray(value) ? value.filter(isTree) : []);

/** `nc -z orders 80`, `wait-for-it orders:80`, `curl http://orders/readyz`: for whom a command waits. */
const WAITS_FOR = new RegExp(
  String.raw`(?:\b(?:nc|netcat|nslookup|getent hosts|wait-for(?:-it)?(?:\.sh)?|wait-on)\s+(?:-\S+\s+)*` +
    String.raw`(?:-w\s*\d+\s+)?|\w+:\/\/)([a-z][\w-]*)`,
  'g',
);

function containerOf({ name, doc, spec, path, index }: Pod, container: Tree, all: readonly Doc[]): Deployment {
  const environment = kubernetesEnvironment(container, all);
  const at = (...more: (string | number)[]): number => doc.lineOf([...path, ...more]);
  const first = listOf(spec['initContainers']);
  const port = listOf(container['ports']).find((one) => one['hostPort'] !== undefined);
  const volumes = Array.isArray(spec['volumes']) ? spec['volumes'].filter(isTree) : [];
  const probe = (key: string): Record<string, string | undefined> => {
    const kind = key.replace('Probe', '');
    // A patch takes away what it sets to null.
    if (container[key] === null) return { [kind]: undefined };
    return isTree(container[key]) ? { [kind]: text(treeAt(container, [key, 'httpGet'])['path']) } : {};
  };
  return {
    name,
    kind: 'kubernetes',
    file: doc.file,
    line: at('containers', index),
    image: text(container['image']),
    environment,
    environmentLines: Object.fromEntries(Object.keys(environment).map((key) => [key, at('containers', index, 'env')])),
    sharedSettings: takenByMany(container, all),
    command: [container['command'], container['args']].flat().map(text).join(' '),
    before: first.map((one, place) => ({
      environment: kubernetesEnvironment(one, all),
      line: at('initContainers', place),
    })),
    dependsOn: first.flatMap((one) =>
      [...[one['command'], one['args']].flat().map(text).join(' ').matchAll(WAITS_FOR)].map(([, host]) => host!),
    ),
    publishedPorts: [
      ...(port ? [{ port: text(port['hostPort']), line: at('containers', index, 'ports') }] : []),
      ...(spec['hostNetwork'] === true ? [{ port: HOST_NETWORK, line: at('hostNetwork') }] : []),
    ],
    probes: { ...probe('livenessProbe'), ...probe('readinessProbe'), ...probe('startupProbe') },
    liveCommand: [treeAt(container, ['livenessProbe', 'exec'])['command']].flat().map(text).join(' '),
    probeLines: {
      liveness: at('containers', index, 'livenessProbe'),
      readiness: at('containers', index, 'readinessProbe'),
      startup: at('containers', index, 'startupProbe'),
    },
    labels: {},
    labelsLine: doc.lineOf([]),
    hostPaths: volumes.flatMap((volume, index) =>
      isTree(volume['hostPath']) ? [{ path: text(volume['hostPath']['path']), line: at('volumes', index) }] : [],
    ),
    replicas: numberAt(doc.value, ['spec', 'replicas']),
  };
}

function kubernetesEnvironment(container: Tree, all: readonly Doc[]): Record<string, string> {
  const dataOf = (kind: string, name: unknown): Tree => {
    const found = all.find(
      ({ value }) => value['kind'] === kind && treeAt(value, ['metadata'])['name'] === name && name !== undefined,
    );
    return { ...treeAt(found?.value ?? {}, ['data']), ...treeAt(found?.value ?? {}, ['stringData']) };
  };
  const entries = (Array.isArray(container['env']) ? container['env'].filter(isTree) : []).map((entry) => {
    const [config, secret] = [
      treeAt(entry, ['valueFrom', 'configMapKeyRef']),
      treeAt(entry, ['valueFrom', 'secretKeyRef']),
    ];
    const referred =
      dataOf('ConfigMap', config['name'])[text(config['key'])] ?? dataOf('Secret', secret['name'])[text(secret['key'])];
    const named = secret['name'] === undefined ? '' : `{secret ${text(secret['name'])}/${text(secret['key'])}}`;
    return [text(entry['name']), text(entry['value'] ?? referred ?? named)] as const;
  });
  const whole = takenWhole(container).flatMap(({ kind, name }) =>
    Object.entries(dataOf(kind, name)).map(([key, value]) => [key, text(value)] as const),
  );
  const known = Object.fromEntries([...whole, ...entries]);
  return Object.fromEntries(Object.entries(known).map(([key, value]) => [key, referring(value, known)]));
}

/** `$(NAME)` in a value is that of another one; what only a secret knows stays unknown. */
const referring = (value: string, known: Readonly<Record<string, string>>): string =>
  value.replaceAll(/\$\((\w+)\)/g, (open, name: string) => {
    const told = known[name];
    return told === undefined || told === '' || told.startsWith('{secret ') ? open : told;
  });

const takenWhole = (container: Tree): { readonly kind: string; readonly name: unknown }[] =>
  listOf(container['envFrom']).flatMap((entry) => [
    { kind: 'ConfigMap', name: treeAt(entry, ['configMapRef'])['name'] },
    { kind: 'Secret', name: treeAt(entry, ['secretRef'])['name'] },
  ]);

/** What a container takes whole from a map or secret that others take as well, and does not name itself. */
function takenByMany(container: Tree, all: readonly Doc[]): ReadonlySet<string> {
  const isOfMany = (taken: { readonly kind: string; readonly name: unknown }): boolean =>
    all.filter(({ value }) =>
      listOf(treeAt(value, ['spec', 'template', 'spec'])['containers'])
        .flatMap(takenWhole)
        .some(({ kind, name }) => name !== undefined && kind === taken.kind && name === taken.name),
    ).length > 1;
  const many = {
    ...container,
    env: [],
    envFrom: listOf(container['envFrom']).filter((entry) => takenWhole({ envFrom: [entry] }).some(isOfMany)),
  };
  const own = listOf(container['env']).map((entry) => text(entry['name']));
  return new Set(Object.keys(kubernetesEnvironment(many, all)).filter((key) => !own.includes(key)));
}

export function kubernetesFacts(docs: readonly Doc[]): KubernetesFacts {
  const services = docs.filter(({ value }) => value['kind'] === 'Service');
  const nameOf = ({ value }: Doc): string => text(treeAt(value, ['metadata'])['name']);
  const exposed = services.flatMap((doc) => {
    const type = text(treeAt(doc.value, ['spec'])['type']);
    const isOpen = type === 'LoadBalancer' || type === 'NodePort';
    return isOpen ? [{ target: nameOf(doc), how: type, file: doc.file, line: doc.lineOf(['spec', 'type']) }] : [];
  });
  const routed = docs
    .filter(({ value }) => /^(Ingress|IngressRoute|HTTPRoute|VirtualService)$/.test(text(value['kind'])))
    .flatMap((doc) =>
      backendsOf(doc.value).map((target) => ({
        target,
        how: text(doc.value['kind']),
        file: doc.file,
        line: doc.lineOf(['spec']),
      })),
    );
  const affine = services
    .filter(({ value }) => treeAt(value, ['spec'])['sessionAffinity'] === 'ClientIP')
    .map((doc) => ({
      target: nameOf(doc),
      how: 'sessionAffinity: ClientIP',
      file: doc.file,
      line: doc.lineOf(['spec', 'sessionAffinity']),
    }));
  const cookies = docs
    .filter(({ value }) =>
      Object.entries(treeAt(value, ['metadata', 'annotations'])).some(
        ([key, set]) => /affinity|sticky/.test(key) && !/^(none|false)$/.test(text(set)),
      ),
    )
    .map((doc) => ({
      target: nameOf(doc),
      how: 'cookie affinity',
      file: doc.file,
      line: doc.lineOf(['metadata', 'annotations']),
    }));
  const meshBreakers = docs
    .filter(({ value }) => value['kind'] === 'DestinationRule')
    .filter(({ value }) => 'outlierDetection' in treeAt(value, ['spec', 'trafficPolicy']))
    .map(({ value }) => text(treeAt(value, ['spec'])['host']).split('.')[0]!);
  const ingresses = docs.filter(({ value }) => value['kind'] === 'Ingress').map(ingressOf);
  const resources = docs.filter(({ value }) => /^(ConfigMap|IngressRoute|Middleware)$/.test(text(value['kind'])));
  return { exposed: [...exposed, ...routed], sticky: [...affine, ...cookies], meshBreakers, ingresses, resources };
}

function ingressOf({ file, value, lineOf }: Doc): Ingress {
  const rules = [treeAt(value, ['spec'])['rules']].flat().filter((one) => isTree(one));
  const paths = rules.flatMap((rule) => [treeAt(rule, ['http'])['paths']].flat().filter((one) => isTree(one)));
  return {
    file,
    line: lineOf(['spec']),
    annotations: Object.fromEntries(
      Object.entries(treeAt(value, ['metadata', 'annotations'])).map(([key, said]) => [key, text(said)]),
    ),
    paths: paths.flatMap((one) =>
      backendsOf(one).map((service) => ({ path: text(one['path'] ?? '/').replace(/[/(]*\??\(.*$/, ''), service })),
    ),
  };
}

/** Every service that an ingress or a route names. */
function backendsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(backendsOf);
  if (!isTree(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    if (key === 'serviceName') return [text(entry)];
    if (key === 'service' && isTree(entry)) return [text(entry['name'])];
    if ((key === 'backendRefs' || key === 'services') && Array.isArray(entry))
      return entry.filter(isTree).map((ref) => text(ref['name']));
    if (key === 'destination' && isTree(entry)) return [text(entry['host']).split('.')[0]!];
    return backendsOf(entry);
  });
}
