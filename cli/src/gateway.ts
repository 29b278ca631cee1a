import { readFileSync, statSync, unwatchFile, watchFile } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@ashlar/domain';
import {
  ConfigError,
  type ConfiguredGateway,
  checkConfig,
  exampleConfig,
  type GatewayConfig,
  gatewayConfigSchema,
  gatewayFromConfig,
  readConfig,
} from '@ashlar/gateway';
import { redisCluster } from '@ashlar/gateway-redis';
import { createTelemetry, type Telemetry } from '@ashlar/telemetry';
import { onStop } from './parent.ts';
import { optionFault, UsageError } from './settings.ts';

const HELP = `Usage: ashlar gateway --config FILE [--port N] [--log-level LEVEL]
       ashlar gateway check FILE
       ashlar gateway --example [--upstream URL] [--port N]
       ashlar gateway --schema

  --config   runs the gateway on its own until it is stopped; changes of the file apply at once. JSON, or a module
             (.ts, .js) that exports it as config; GATEWAY_CONFIG by default
  check      lists every fault of a configuration and where it is; exit code 2 if there are any
  --example  prints a configuration: everything to one upstream, public, cache on, no rate limit
  --schema   prints the JSON Schema of configurations`;

const OPTIONS = {
  config: { type: 'string' },
  port: { type: 'string' },
  upstream: { type: 'string', default: 'http://127.0.0.1:3000' },
  example: { type: 'boolean' },
  schema: { type: 'boolean' },
  'log-level': { type: 'string', default: 'warn' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `ashlar gateway`: the gateway alone, from a configuration. */
export async function gateway(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) return say(HELP);
  if (values.schema) return say(JSON.stringify(gatewayConfigSchema, null, 2));
  if (values.example) {
    const port = portOf(values.port ?? '8080');
    return say(JSON.stringify(exampleConfig(upstreamOf(values.upstream), port), null, 2));
  }
  const [verb, named] = positionals;
  if (verb !== undefined && verb !== 'check') throw new UsageError([`There is no ashlar gateway ${verb}.`]);
  const file = values.config ?? named ?? process.env['GATEWAY_CONFIG'];
  if (file === undefined)
    throw new UsageError(['Which configuration? Tell it with --config FILE, or GATEWAY_CONFIG; --example prints one.']);
  const port = values.port === undefined ? undefined : portOf(values.port);
  const config = await read(file, port);
  if (verb === 'check') return say(`${file}: ${config.routes.length} routes, no faults.`);
  return serve(config, { file, logLevel: values['log-level'], reread: () => read(file, port) });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError([optionFault(error)]);
  }
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(['--port must be a whole number from 0 to 65535.']);
}

function upstreamOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw new UsageError(['--upstream must be an address such as http://127.0.0.1:3000.']);
}

/** `port` goes before what the file says of it. */
async function read(file: string, port?: number): Promise<GatewayConfig> {
  try {
    const config = MODULE.test(file)
      ? checkConfig(await exported(file), file)
      : readConfig(readFileSync(file, 'utf8'), file);
    return port === undefined ? config : { ...config, listen: { ...config.listen, port } };
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new UsageError(error.faults.map(({ path, reason }) => `${file}: ${path}: ${reason}`));
    }
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UsageError([`${file}: there is no such file.`]);
    }
    throw error;
  }
}

const MODULE = /\.[cm]?[jt]s$/;

/** The `config` that a module exports, as it is now: a module that was loaded before is another one by its time. */
async function exported(file: string): Promise<unknown> {
  const address = `${pathToFileURL(resolvePath(file)).href}?at=${statSync(file).mtimeMs}`;
  const { config } = (await import(address)) as { config?: unknown };
  if (config === undefined) throw new ConfigError([{ path: '/', reason: 'exports no config' }]);
  return config;
}

interface Source {
  readonly file: string;
  readonly logLevel: string;
  readonly reread: () => Promise<GatewayConfig>;
}

async function serve(config: GatewayConfig, source: Source): Promise<number> {
  const { file, logLevel } = source;
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  onStop(() => resolve());
  const telemetry = createTelemetry({ service: 'gateway', logLevel, remembers: false });
  const running = gatewayFromConfig(config, { file, telemetry, ...clusterOf(config, telemetry) });
  await running.listen({ host: config.listen.host ?? '0.0.0.0', port: config.listen.port });
  console.log(`The gateway is up: ${running.url} (metrics: ${running.metricsUrl}). Ctrl-C stops it.`);
  const reload = (): void => void reloaded(running, source);
  watchFile(file, { interval: WATCH_MS }, reload);
  process.on('SIGHUP', reload);
  await asked;
  unwatchFile(file);
  await running.close();
  return 0;
}

/** Gateways with the same Redis and namespace count and forget together. */
function clusterOf({ cluster }: GatewayConfig, { log }: Telemetry) {
  if (!cluster) return {};
  const { redis: url, namespace = 'gateway', sharesAnswers = false } = cluster;
  return { cluster: redisCluster({ url, namespace, log, sharesAnswers, clock: systemClock }) };
}

const WATCH_MS = 500;

/** A change that is not right changes nothing, and is told. */
async function reloaded(running: ConfiguredGateway, { file, reread }: Source): Promise<void> {
  try {
    const later = running.reconfigure(await reread());
    console.log(`${file} has changed: the gateway goes on with it.`);
    if (later.length > 0) console.log(`What it says of ${later.join(', ')} counts from the next start on.`);
  } catch (error) {
    const faults = error instanceof UsageError ? error.faults : [(error as Error).message];
    console.error([`${file} has changed, and the gateway goes on as it was:`, ...faults].join('\n'));
  }
}
