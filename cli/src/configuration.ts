import type { SamplingOptions } from '@ashlar/telemetry';
import { MOST_REPLICAS } from './replica-counts.ts';
import { SAMPLING, samplingIn } from './sampling.ts';
import { Reader, readValues, type Setting, settingRows, UsageError } from './settings.ts';
import { SERVICES } from './topology/shop-services.ts';

/** How to run the system. An option beats its variable, and that beats the default. */
export interface Configuration {
  readonly port: number;
  readonly dataDirectory: string;
  readonly topology: 'single' | 'processes';
  /** How many replicas services have, where that is not one. */
  readonly replicas: Readonly<Record<string, number>>;
  readonly saga: 'orchestration' | 'choreography';
  readonly seed: 'demo' | 'none';
  readonly logLevel: string;
  readonly databaseUrl: string | undefined;
  /** Streaming replicas of the embedded server. */
  readonly databaseReplicas: number;
  /** Read replicas of the server at `databaseUrl`. */
  readonly databaseReplicaUrls: readonly string[];
  readonly adminEmail: string;
  readonly adminPassword: string | undefined;
  readonly otlpEndpoint: string | undefined;
  readonly sampling: SamplingOptions;
  readonly rateLimitFactor: number;
  readonly stepTimeoutMs: number;
  readonly namespace: string | undefined;
  /** The broker of the topology `processes`. */
  readonly natsUrl: string;
  /** Where the topology `processes` keeps read models, and every topology copies of products. */
  readonly redisUrl: string | undefined;
}

const REDIS_OF_PROCESSES = 'redis://127.0.0.1:6379';

export const SETTINGS: readonly Setting[] = [
  { variable: 'PORT', option: 'port', value: '8080', help: 'the only fixed port: the gateway' },
  { variable: 'DATA_DIR', option: 'data', value: '.ashlar', help: 'where the data are kept' },
  {
    variable: 'TOPOLOGY',
    option: 'topology',
    value: 'single',
    help: 'single: all services in this process; processes: one process per replica',
  },
  {
    variable: 'REPLICAS',
    option: 'replicas',
    help: 'with processes, replicas of services that have more than one: order=2,payment=2',
  },
  {
    variable: 'SAGA_STYLE',
    option: 'saga',
    value: 'orchestration',
    help: 'orchestration or choreography, for new orders',
  },
  { variable: 'SEED', option: 'seed', value: 'demo', help: 'demo: 24 products with stock on the first start; or none' },
  {
    variable: 'LOG_LEVEL',
    option: 'log-level',
    value: 'warn',
    help: 'trace, debug, info, warn, error, fatal or silent',
  },
  {
    variable: 'DATABASE_URL',
    help: "an administrator's URL of a PostgreSQL server, 15 or newer; by default one is embedded",
  },
  { variable: 'DATABASE_REPLICA_URLS', help: 'its read replicas, separated by commas' },
  { variable: 'DB_REPLICAS', option: 'db-replicas', value: '0', help: 'read replicas of the embedded server, up to 4' },
  { variable: 'NATS_URL', value: 'nats://127.0.0.1:4222', help: 'the broker for processes: NATS with JetStream' },
  {
    variable: 'REDIS_URL',
    help: `where copies of products are kept, and with processes, which need it, orders: ${REDIS_OF_PROCESSES}`,
  },
  { variable: 'ADMIN_EMAIL', value: 'admin@ashlar.local', help: 'the administrator created on the first start' },
  {
    variable: 'ADMIN_PASSWORD',
    help: 'its password, 12 to 128 characters; by default one is generated and printed once',
  },
  { variable: 'OTEL_EXPORTER_OTLP_ENDPOINT', help: 'where traces are exported to (OTLP over HTTP)' },
  SAMPLING,
  { variable: 'RATE_LIMIT_FACTOR', value: '1', help: 'multiplies the rate limits of the gateway' },
  {
    variable: 'SAGA_STEP_TIMEOUT_MS',
    value: '30000',
    help: 'until a step of a saga times out, in milliseconds',
  },
  { variable: 'NAMESPACE', help: 'part of every name on shared servers; generated on the first start' },
];

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Reads options and environment once. Throws UsageError with everything that is wrong. */
export function readConfiguration(args: readonly string[], environment: NodeJS.ProcessEnv): Configuration {
  const faults: string[] = [];
  const values = readValues(SETTINGS, { args, environment, faults });
  const reader = new Reader(SETTINGS, values, faults);
  const topology = reader.oneOf('TOPOLOGY', ['single', 'processes']);
  const configuration: Configuration = {
    port: reader.integer('PORT', 0, 65_535),
    dataDirectory: values['DATA_DIR']!,
    topology,
    replicas: reader.counts('REPLICAS', SERVICES, MOST_REPLICAS),
    saga: reader.oneOf('SAGA_STYLE', ['orchestration', 'choreography']),
    seed: reader.oneOf('SEED', ['demo', 'none']),
    logLevel: reader.oneOf('LOG_LEVEL', LEVELS),
    databaseUrl: reader.url('DATABASE_URL', ['postgres:', 'postgresql:']),
    databaseReplicas: reader.integer('DB_REPLICAS', 0, 4),
    databaseReplicaUrls: reader.urlList('DATABASE_REPLICA_URLS', ['postgres:', 'postgresql:']),
    adminEmail: reader.matching('ADMIN_EMAIL', /^[^\s@]+@[^\s@]+$/, 'an e-mail address')!,
    adminPassword: reader.matching('ADMIN_PASSWORD', /^.{12,128}$/su, '12 to 128 characters'),
    otlpEndpoint: reader.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:']),
    sampling: samplingIn(values, reader),
    rateLimitFactor: reader.number('RATE_LIMIT_FACTOR', 0.001, 1_000_000),
    stepTimeoutMs: reader.integer('SAGA_STEP_TIMEOUT_MS', 100, 86_400_000),
    namespace: reader.matching('NAMESPACE', /^[a-z0-9_]{1,24}$/, 'up to 24 of a-z, 0-9 and _'),
    natsUrl: reader.urls('NATS_URL', ['nats:', 'tls:']),
    redisUrl:
      reader.url('REDIS_URL', ['redis:', 'rediss:']) ?? (topology === 'processes' ? REDIS_OF_PROCESSES : undefined),
  };
  faults.push(...contradictions(configuration));
  if (faults.length > 0) throw new UsageError(faults);
  return configuration;
}

/** What is right by itself, and not together. */
function contradictions(configuration: Configuration): string[] {
  const { topology, replicas, databaseUrl, databaseReplicas, databaseReplicaUrls } = configuration;
  const faults: string[] = [];
  if (topology === 'single' && Object.keys(replicas).length > 0)
    faults.push('--replicas (REPLICAS) needs --topology processes.');
  if (databaseUrl === undefined && databaseReplicaUrls.length > 0)
    faults.push('DATABASE_REPLICA_URLS needs DATABASE_URL; the embedded server has --db-replicas.');
  if (databaseUrl !== undefined && databaseReplicas > 0)
    faults.push('--db-replicas (DB_REPLICAS) is for the embedded server; yours are told by DATABASE_REPLICA_URLS.');
  return faults;
}

/** The page of `--help`. */
export const usage = (): string =>
  [
    'Usage: ashlar up [options]',
    '',
    'Each option has an environment variable; the option takes precedence.',
    ...settingRows(SETTINGS),
  ].join('\n');
