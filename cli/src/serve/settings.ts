import { hostname } from 'node:os';
import type { SamplingOptions } from '@ashlar/telemetry';
import { SAMPLING, samplingIn } from '../sampling.ts';
import { Reader, readValues, type Setting, settingRows, UsageError } from '../settings.ts';
import { SERVICES, type ServiceName } from '../topology/shop-services.ts';

export type Part = ServiceName | 'gateway' | 'sandbox';

export const PARTS: readonly Part[] = [...SERVICES, 'gateway', 'sandbox'];

/** What one process of a cluster is told by its environment. */
export interface ServeSettings {
  readonly part: Part;
  /** The address that it listens on. */
  readonly host: string;
  readonly port: number;
  readonly replica: string;
  readonly logLevel: string;
  readonly otlpEndpoint: string | undefined;
  readonly sampling: SamplingOptions;
  /** How long it says that it wants no more requests, before it takes none. */
  readonly drainMs: number;
}

export interface ServiceSettings extends ServeSettings {
  readonly part: ServiceName;
  readonly databaseUrl: string;
  readonly replicaUrls: readonly string[];
  readonly redisUrl: string | undefined;
  readonly natsUrl: string;
  readonly namespace: string;
  /** Where the public keys of the gateways are: a service believes nobody else. */
  readonly gatewayKeysFile: string;
  readonly cardProcessorUrl: string;
  readonly carrierUrl: string;
  readonly seed: 'demo' | 'none';
  readonly saga: 'orchestration' | 'choreography';
  readonly stepTimeoutMs: number;
  readonly adminEmail: string;
  readonly adminPassword: string | undefined;
}

export interface GatewaySettings extends ServeSettings {
  /** Where each service is found; a name that stands for several addresses stands for as many replicas. */
  readonly services: Readonly<Record<ServiceName, readonly string[]>>;
  readonly rateLimitFactor: number;
  readonly namespace: string;
  readonly redisUrl: string | undefined;
  /** Where the private key is by which callers are handed on. */
  readonly gatewayKeyFile: string;
  readonly natsUrl: string | undefined;
  /** Where `/metrics` is told to others than this machine. */
  readonly metricsPort: number | undefined;
  /** Networks of balancers. */
  readonly trustedProxies: readonly string[];
}

export interface SandboxSettings extends ServeSettings {
  readonly dataDirectory: string;
}

const OF_ALL: readonly Setting[] = [
  { variable: 'PORT', value: '8080', help: 'where it answers' },
  { variable: 'HOST', value: '0.0.0.0', help: 'the one address of this machine at which it answers; all by default' },
  { variable: 'REPLICA', help: 'its name among its like; that of the host when not told' },
  { variable: 'LOG_LEVEL', value: 'info', help: 'trace, debug, info, warn, error, fatal or silent' },
  { variable: 'OTEL_EXPORTER_OTLP_ENDPOINT', help: 'where traces are sent to (OTLP over HTTP)' },
  SAMPLING,
  { variable: 'DRAIN_MS', value: '5000', help: 'how long /readyz says no before the door closes, in milliseconds' },
];

const OF_SERVICES: readonly Setting[] = [
  { variable: 'DATABASE_URL', help: "the service's own role on its own database" },
  { variable: 'DATABASE_REPLICA_URLS', help: 'read replicas of that database, with commas between them' },
  { variable: 'NATS_URL', value: 'nats://nats:4222', help: 'the broker: NATS with JetStream' },
  { variable: 'NAMESPACE', value: 'ashlar', help: 'part of every name at the broker' },
  { variable: 'REDIS_URL', help: 'where orders, and copies of products, are kept to be read (order, product)' },
  { variable: 'GATEWAY_KEYS_FILE', help: 'the public keys of the gateways (PEM, Ed25519): nobody else is believed' },
  { variable: 'CARD_PROCESSOR_URL', value: 'http://sandbox:8081', help: 'the card processor (payment)' },
  { variable: 'CARRIER_URL', value: 'http://sandbox:8082', help: 'the carrier (shipping)' },
  { variable: 'SEED', value: 'none', help: 'demo: 24 products with stock on the first start (product, inventory)' },
  { variable: 'SAGA_STYLE', value: 'orchestration', help: 'orchestration or choreography, for new orders (order)' },
  { variable: 'SAGA_STEP_TIMEOUT_MS', value: '30000', help: 'until a step counts as timed out, in milliseconds' },
  { variable: 'ADMIN_EMAIL', value: 'admin@ashlar.local', help: 'the administrator made on the first start (user)' },
  { variable: 'ADMIN_PASSWORD', help: 'its password, 12 to 128 characters (user)' },
];

const urlOf = (service: ServiceName): string => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

const OF_GATEWAYS: readonly Setting[] = [
  ...SERVICES.map((name) => ({
    variable: urlOf(name),
    value: `http://${name}:8080`,
    help: `where the replicas of ${name} are found: an address, or several with commas`,
  })),
  { variable: 'GATEWAY_KEY_FILE', help: 'the private key by which services know the gateways (PEM, Ed25519)' },
  { variable: 'METRICS_PORT', help: 'where /metrics is told, apart from clients; on this machine only when not told' },
  { variable: 'RATE_LIMIT_FACTOR', value: '1', help: 'multiplies the rate limits' },
  { variable: 'NAMESPACE', value: 'ashlar', help: 'part of every key in Redis and of every name at the broker' },
  { variable: 'NATS_URL', help: 'the broker, where products that change are heard of; they expire when not told' },
  { variable: 'REDIS_URL', help: 'where several gateways count limits together and tell each other purges' },
  { variable: 'TRUSTED_PROXIES', help: 'whose X-Forwarded-For is believed: networks with commas, 10.0.0.0/8' },
];

const OF_SANDBOXES: readonly Setting[] = [
  { variable: 'DATA_DIR', value: '.ashlar/sandbox', help: 'where it keeps what it has done' },
];

const settingsOf = (part: Part): readonly Setting[] => {
  if (part === 'gateway') return [...OF_ALL, ...OF_GATEWAYS];
  if (part === 'sandbox') return [...OF_ALL, ...OF_SANDBOXES];
  return [...OF_ALL, ...OF_SERVICES];
};

/** What has no default, and cannot be done without. */
const needs = (part: Part): readonly string[] => {
  if (part === 'sandbox') return [];
  if (part === 'gateway') return ['GATEWAY_KEY_FILE'];
  return ['DATABASE_URL', 'GATEWAY_KEYS_FILE', ...(part === 'user' ? ['ADMIN_PASSWORD'] : [])];
};

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Reads the environment once. Throws UsageError with everything that is wrong. */
export function readServeSettings(
  part: Part,
  environment: NodeJS.ProcessEnv,
): ServiceSettings | GatewaySettings | SandboxSettings {
  const faults: string[] = [];
  const settings = settingsOf(part);
  const values = readValues(settings, { args: [], environment, faults });
  const reader = new Reader(settings, values, faults);
  const common = {
    part,
    host: reader.matching('HOST', /^[\da-fA-F:.]+$/, 'an address such as 127.0.0.1'),
    port: reader.integer('PORT', 1, 65_535),
    replica: reader.matching('REPLICA', /^[A-Za-z0-9._-]{1,63}$/, 'up to 63 letters, digits, ., _ and -') ?? hostname(),
    logLevel: reader.oneOf('LOG_LEVEL', LEVELS),
    otlpEndpoint: reader.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:']),
    sampling: samplingIn(values, reader),
    drainMs: reader.integer('DRAIN_MS', 0, 600_000),
  };
  const whole = { ...common, ...ownSettings(part, reader, values) };
  for (const name of needs(part)) reader.needed(name);
  if (faults.length > 0) throw new UsageError(faults);
  return whole as ServiceSettings | GatewaySettings | SandboxSettings;
}

type Values = ReturnType<typeof readValues>;

function ownSettings(part: Part, reader: Reader, values: Values) {
  if (part === 'sandbox') return { dataDirectory: values['DATA_DIR']! };
  if (part !== 'gateway') return serviceSettings(reader, values);
  return {
    services: Object.fromEntries(SERVICES.map((name) => [name, reader.urlList(urlOf(name), HTTP)])),
    rateLimitFactor: reader.number('RATE_LIMIT_FACTOR', 0.001, 1_000_000),
    namespace: reader.matching('NAMESPACE', NAMESPACE, NAMESPACE_IS),
    redisUrl: reader.url('REDIS_URL', ['redis:', 'rediss:']),
    gatewayKeyFile: values['GATEWAY_KEY_FILE'],
    metricsPort: values['METRICS_PORT'] === undefined ? undefined : reader.integer('METRICS_PORT', 0, 65_535),
    natsUrl: reader.urlList('NATS_URL', ['nats:', 'tls:']).join(',') || undefined,
    trustedProxies: reader.matching('TRUSTED_PROXIES', NETWORKS, 'networks such as 10.0.0.0/8')?.split(',') ?? [],
  };
}

const NETWORKS = /^[\da-fA-F:.]+\/\d{1,3}(?:,[\da-fA-F:.]+\/\d{1,3})*$/;

const HTTP = ['http:', 'https:'];
const NAMESPACE = /^[a-z0-9_]{1,24}$/;
const NAMESPACE_IS = 'up to 24 of a-z, 0-9 and _';

const serviceSettings = (reader: Reader, values: Values) => ({
  databaseUrl: reader.url('DATABASE_URL', ['postgres:', 'postgresql:']),
  replicaUrls: reader.urlList('DATABASE_REPLICA_URLS', ['postgres:', 'postgresql:']),
  redisUrl: reader.url('REDIS_URL', ['redis:', 'rediss:']),
  natsUrl: reader.urls('NATS_URL', ['nats:', 'tls:']),
  namespace: reader.matching('NAMESPACE', NAMESPACE, NAMESPACE_IS),
  gatewayKeysFile: values['GATEWAY_KEYS_FILE'],
  cardProcessorUrl: reader.url('CARD_PROCESSOR_URL', HTTP),
  carrierUrl: reader.url('CARRIER_URL', HTTP),
  seed: reader.oneOf('SEED', ['demo', 'none']),
  saga: reader.oneOf('SAGA_STYLE', ['orchestration', 'choreography']),
  stepTimeoutMs: reader.integer('SAGA_STEP_TIMEOUT_MS', 100, 86_400_000),
  adminEmail: reader.matching('ADMIN_EMAIL', /^[^\s@]+@[^\s@]+$/, 'an e-mail address'),
  adminPassword: reader.matching('ADMIN_PASSWORD', /^.{12,128}$/su, '12 to 128 characters'),
});

/** The page of `--help`. */
export const serveUsage = (part: Part | undefined): string =>
  part
    ? [`Usage: ashlar serve ${part}`, '', 'It is told by its environment:', ...settingRows(settingsOf(part))].join('\n')
    : [
        'Usage: ashlar serve PART',
        '',
        'One process of a cluster, where something else starts processes, restarts them and balances.',
        `PART is one of ${PARTS.join(', ')}. ashlar serve PART --help tells its settings.`,
      ].join('\n');
