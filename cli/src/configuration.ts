import { parseArgs } from 'node:util';

/** How to run the system. An option beats its variable, and that beats the default. */
export interface Configuration {
  readonly port: number;
  readonly dataDirectory: string;
  readonly topology: 'single';
  readonly saga: 'orchestration' | 'choreography';
  readonly seed: 'demo' | 'none';
  readonly logLevel: string;
  readonly databaseUrl: string | undefined;
  readonly adminEmail: string;
  readonly adminPassword: string | undefined;
  readonly otlpEndpoint: string | undefined;
  readonly sampleRatio: number;
  readonly rateLimitFactor: number;
  readonly stepTimeoutMs: number;
  readonly namespace: string | undefined;
}

/** The command was called wrongly; every fault is told at once. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

interface Setting {
  readonly variable: string;
  readonly value?: string;
  readonly option?: string;
  readonly help: string;
}

export const SETTINGS: readonly Setting[] = [
  { variable: 'PORT', option: 'port', value: '8080', help: 'the only fixed port: the gateway' },
  { variable: 'DATA_DIR', option: 'data', value: '.ashlar', help: 'where the data are kept' },
  { variable: 'TOPOLOGY', option: 'topology', value: 'single', help: 'single: all services in this process' },
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
    help: "an administrator's address of a PostgreSQL server, 15 or newer; else one is embedded",
  },
  { variable: 'ADMIN_EMAIL', value: 'admin@ashlar.local', help: 'the administrator made on the first start' },
  { variable: 'ADMIN_PASSWORD', help: 'its password, 12 to 128 characters; else one is made and printed once' },
  { variable: 'OTEL_EXPORTER_OTLP_ENDPOINT', help: 'where traces are sent to (OTLP over HTTP)' },
  { variable: 'OTEL_TRACES_SAMPLER_ARG', value: '1', help: 'the share of traces that is recorded, 0 to 1' },
  { variable: 'RATE_LIMIT_FACTOR', value: '1', help: 'multiplies the rate limits of the gateway' },
  {
    variable: 'SAGA_STEP_TIMEOUT_MS',
    value: '30000',
    help: 'until a step of a saga counts as timed out, in milliseconds',
  },
  { variable: 'NAMESPACE', help: 'part of every name on shared servers; made on the first start' },
];

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Reads options and environment once. Throws UsageError with everything that is wrong. */
export function readConfiguration(args: readonly string[], environment: NodeJS.ProcessEnv): Configuration {
  const faults: string[] = [];
  const values = readValues(args, environment, faults);
  const reader = new Reader(values, faults);
  const configuration: Configuration = {
    port: reader.integer('PORT', 0, 65_535),
    dataDirectory: values['DATA_DIR']!,
    topology: reader.oneOf('TOPOLOGY', ['single']),
    saga: reader.oneOf('SAGA_STYLE', ['orchestration', 'choreography']),
    seed: reader.oneOf('SEED', ['demo', 'none']),
    logLevel: reader.oneOf('LOG_LEVEL', LEVELS),
    databaseUrl: reader.url('DATABASE_URL', ['postgres:', 'postgresql:']),
    adminEmail: reader.matching('ADMIN_EMAIL', /^[^\s@]+@[^\s@]+$/, 'an e-mail address')!,
    adminPassword: reader.matching('ADMIN_PASSWORD', /^.{12,128}$/su, '12 to 128 characters'),
    otlpEndpoint: reader.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:']),
    sampleRatio: reader.number('OTEL_TRACES_SAMPLER_ARG', 0, 1),
    rateLimitFactor: reader.number('RATE_LIMIT_FACTOR', 0.001, 1_000_000),
    stepTimeoutMs: reader.integer('SAGA_STEP_TIMEOUT_MS', 100, 86_400_000),
    namespace: reader.matching('NAMESPACE', /^[a-z0-9_]{1,24}$/, 'up to 24 of a-z, 0-9 and _'),
  };
  if (faults.length > 0) throw new UsageError(faults);
  return configuration;
}

type Values = Readonly<Record<string, string | undefined>>;

function readValues(args: readonly string[], environment: NodeJS.ProcessEnv, faults: string[]): Values {
  const options = Object.fromEntries(
    SETTINGS.flatMap(({ option }) => (option ? [[option, { type: 'string' as const }]] : [])),
  );
  let given: Readonly<Record<string, unknown>> = {};
  try {
    given = parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    faults.push((error as Error).message.split('\n')[0]!);
  }
  return Object.fromEntries(
    SETTINGS.map(({ variable, option, value }) => {
      const fromOption = option ? (given[option] as string | undefined) : undefined;
      if (fromOption === '') faults.push(`--${option} is empty.`);
      return [variable, fromOption || environment[variable] || value];
    }),
  );
}

/**
 * Reads one value each; what is wrong is noted, and reading goes on. Values themselves are not repeated: they may be
 * secret.
 */
class Reader {
  constructor(
    private readonly values: Values,
    private readonly faults: string[],
  ) {}

  number(name: string, least: number, most: number): number {
    const number = Number(this.values[name]);
    const fits = this.values[name]?.trim() !== '' && number >= least && number <= most;
    if (!fits) this.#fault(name, `a number from ${least} to ${most}`);
    return number;
  }

  integer(name: string, least: number, most: number): number {
    const number = Number(this.values[name]);
    const fits = /^\d+$/.test(this.values[name] ?? '') && number >= least && number <= most;
    if (!fits) this.#fault(name, `a whole number from ${least} to ${most}`);
    return number;
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.values[name] as T;
    if (!allowed.includes(value))
      this.#fault(name, allowed.length === 1 ? allowed[0]! : `one of ${allowed.join(', ')}`);
    return value;
  }

  matching(name: string, pattern: RegExp, what: string): string | undefined {
    const value = this.values[name];
    if (value !== undefined && !pattern.test(value)) this.#fault(name, what);
    return value;
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (!parsed || !protocols.includes(parsed.protocol))
      this.#fault(name, `an address that begins with ${protocols[0]}//`);
    return value;
  }

  #fault(name: string, what: string): void {
    const option = SETTINGS.find(({ variable }) => variable === name)?.option;
    this.faults.push(`${option ? `--${option} (${name})` : name} must be ${what}.`);
  }
}

/** The page of `--help`. */
export function usage(): string {
  const rows = SETTINGS.map(({ variable, option, value, help }) => {
    const name = `${option ? `--${option}, ` : ''}${variable}`;
    return `  ${name.padEnd(30)} ${help}${value ? ` (${value})` : ''}`;
  });
  return [
    'Usage: ashlar up [options]',
    '',
    'Each option has an environment variable; an option beats its variable.',
    ...rows,
  ].join('\n');
}
