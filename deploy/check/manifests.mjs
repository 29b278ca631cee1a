// The manifests of a cluster, as data: what all services have alike is said once.

const NAMESPACE = 'ashlar';
const PORT = 8080;
/** Of the gateways, whose other port is for everybody. */
const METRICS_PORT = 9090;
const IMAGE = 'ashlar';
const DRAIN_MS = 5_000;
const GRACE_SECONDS = 30;

/** CPU and memory as docs/scaling.md has measured them; `lagSeconds` is when more replicas are wanted. */
const SERVICES = {
  user: { replicas: 2, most: 6, cpu: '250m', memory: '256Mi', needs: ['ADMIN_PASSWORD'] },
  product: { replicas: 2, most: 6, cpu: '100m', memory: '256Mi' },
  inventory: { replicas: 2, most: 6, cpu: '250m', memory: '256Mi', lagSeconds: 5 },
  payment: { replicas: 2, most: 8, cpu: '250m', memory: '256Mi', lagSeconds: 5, outside: true },
  order: { replicas: 2, most: 8, cpu: '500m', memory: '256Mi', lagSeconds: 5 },
  shipping: { replicas: 2, most: 6, cpu: '250m', memory: '256Mi', lagSeconds: 5, outside: true },
};

const labelsOf = (part) => ({ 'app.kubernetes.io/name': part, 'app.kubernetes.io/part-of': 'ashlar' });
const metadata = (name, more = {}) => ({ name, namespace: NAMESPACE, labels: labelsOf(name), ...more });
const seconds = (ms) => Math.ceil(ms / 1_000);

const probe = (path, more) => ({ httpGet: { path, port: 'http' }, periodSeconds: 2, timeoutSeconds: 2, ...more });

const secret = (name, { from, key }) => ({ name, valueFrom: { secretKeyRef: { name: from, key } } });

/** A file of a secret, in a directory of its own: a change is seen without a restart. */
const KEYS = {
  gateway: { from: 'gateway-key', file: 'private.pem', variable: 'GATEWAY_KEY_FILE' },
  service: { from: 'gateway-public-keys', file: 'public.pem', variable: 'GATEWAY_KEYS_FILE' },
};
const KEYS_AT = '/etc/ashlar/keys';

function deployment(part, { replicas, cpu, memory, env = [], startup, keys, metricsPort = PORT }) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(part),
    spec: {
      replicas,
      selector: { matchLabels: { 'app.kubernetes.io/name': part } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels: labelsOf(part),
          annotations: {
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': String(metricsPort),
            'prometheus.io/path': '/metrics',
          },
        },
        spec: {
          serviceAccountName: 'ashlar',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            fsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': part } },
            },
          ],
          volumes: [{ name: 'keys', secret: { secretName: keys.from, defaultMode: 0o440 } }],
          containers: [
            {
              name: part,
              image: IMAGE,
              args: [part],
              ports: [
                { name: 'http', containerPort: PORT },
                ...(metricsPort === PORT ? [] : [{ name: 'metrics', containerPort: metricsPort }]),
              ],
              envFrom: [{ configMapRef: { name: 'ashlar' } }],
              env: [
                { name: 'REPLICA', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                { name: keys.variable, value: `${KEYS_AT}/${keys.file}` },
                ...env,
              ],
              volumeMounts: [{ name: 'keys', mountPath: KEYS_AT, readOnly: true }],
              resources: { requests: { cpu, memory }, limits: { memory: '512Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              startupProbe: probe(startup, { failureThreshold: 60 }),
              livenessProbe: probe('/livez', { periodSeconds: 5, failureThreshold: 6 }),
              readinessProbe: probe('/readyz', { failureThreshold: 2 }),
            },
          ],
        },
      },
    },
  };
}

/** Headless: the gateway sees every replica, and balances by what is under way. */
const service = (part, more = { clusterIP: 'None' }) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata(part),
  spec: {
    ...more,
    selector: { 'app.kubernetes.io/name': part },
    ports: [{ name: 'http', port: PORT, targetPort: 'http' }],
  },
});

const disruptionBudget = (part) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadata(part),
  spec: { maxUnavailable: 1, selector: { matchLabels: { 'app.kubernetes.io/name': part } } },
});

function autoscaler(part, { replicas, most, lagSeconds }) {
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } };
  const lag = {
    type: 'Pods',
    pods: {
      metric: { name: 'consumer_lag_seconds' },
      target: { type: 'AverageValue', averageValue: String(lagSeconds) },
    },
  };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(part),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: part },
      minReplicas: replicas,
      maxReplicas: most,
      metrics: lagSeconds === undefined ? [cpu] : [cpu, lag],
      // A join and a leave move partitions: not at every peak.
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    },
  };
}

const from = (...parts) => parts.map((part) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': part } } }));
const http = [{ protocol: 'TCP', port: 'http' }];
const monitoring = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }];
const dns = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};
const port = (number) => ({ ports: [{ protocol: 'TCP', port: number }] });

/** A service hears the gateway and the scraper, and speaks to its database, the broker and the cache. */
function networkPolicy(part, { outside = false } = {}) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(part),
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': part } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: from('gateway'), ports: http },
        { from: monitoring, ports: http },
      ],
      egress: [
        dns,
        port(5432),
        port(4222),
        port(6379),
        port(4318),
        ...(outside
          ? [
              {
                ports: [
                  { protocol: 'TCP', port: 443 },
                  { protocol: 'TCP', port: 8081 },
                  { protocol: 'TCP', port: 8082 },
                ],
              },
            ]
          : []),
      ],
    },
  };
}

const serviceFiles = Object.fromEntries(
  Object.entries(SERVICES).map(([part, sizes]) => [
    `${part}.yaml`,
    [
      deployment(part, {
        ...sizes,
        startup: '/startupz',
        keys: KEYS.service,
        env: ['DATABASE_URL', ...(sizes.needs ?? [])].map((key) => secret(key, { from: `${part}-service`, key })),
      }),
      service(part),
      disruptionBudget(part),
      autoscaler(part, sizes),
      networkPolicy(part, sizes),
    ],
  ]),
);

const GATEWAY = { replicas: 2, most: 10, cpu: '500m', memory: '256Mi' };

const gateway = [
  // Services are away one after another; the gateway is up when it listens.
  deployment('gateway', {
    ...GATEWAY,
    startup: '/livez',
    keys: KEYS.gateway,
    metricsPort: METRICS_PORT,
    env: [{ name: 'METRICS_PORT', value: String(METRICS_PORT) }],
  }),
  service('gateway', { type: 'ClusterIP' }),
  disruptionBudget('gateway'),
  autoscaler('gateway', GATEWAY),
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata('gateway'),
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'gateway' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: http }, { from: monitoring, ports: [{ protocol: 'TCP', port: 'metrics' }] }],
      egress: [
        dns,
        { to: from(...Object.keys(SERVICES)), ports: [{ protocol: 'TCP', port: PORT }] },
        port(4222),
        port(6379),
        port(4318),
      ],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata('gateway'),
    spec: {
      rules: [
        {
          host: 'shop.example.com',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'gateway', port: { name: 'http' } } } },
            ],
          },
        },
      ],
      tls: [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }],
    },
  },
];

const settings = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'ashlar', namespace: NAMESPACE },
    automountServiceAccountToken: false,
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'ashlar', namespace: NAMESPACE },
    data: {
      NAMESPACE: 'ashlar',
      NATS_URL: 'nats://nats:4222',
      REDIS_URL: 'redis://redis:6379',
      DRAIN_MS: String(DRAIN_MS),
      LOG_LEVEL: 'info',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      TRUSTED_PROXIES: '10.0.0.0/8',
    },
  },
];

const secretOf = (name, stringData) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: NAMESPACE },
  type: 'Opaque',
  stringData,
});

const secrets = [
  secretOf(KEYS.gateway.from, { [KEYS.gateway.file]: 'CHANGE-ME: openssl genpkey -algorithm ed25519' }),
  secretOf(KEYS.service.from, { [KEYS.service.file]: 'CHANGE-ME: openssl pkey -pubout, of the one above' }),
  ...Object.entries(SERVICES).map(([part, { needs = [] }]) =>
    secretOf(`${part}-service`, {
      DATABASE_URL: `postgres://${part}_service:CHANGE-ME@${part}-postgres/${part}`,
      ...Object.fromEntries(needs.map((key) => [key, 'CHANGE-ME'])),
    }),
  ),
];

if (seconds(DRAIN_MS) + 15 > GRACE_SECONDS) throw new Error('A replica is killed before it has drained.');

/** By file: the documents in it. */
export const manifests = {
  'settings.yaml': settings,
  'gateway.yaml': gateway,
  ...serviceFiles,
  'secrets.example.yaml': secrets,
};

/** What `kubectl apply -k` takes; the secrets are not among it. */
export const kustomization = {
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  namespace: NAMESPACE,
  resources: Object.keys(manifests).filter((file) => file !== 'secrets.example.yaml'),
  images: [{ name: IMAGE, newName: 'registry.example.com/ashlar', newTag: '0.1.0' }],
};
