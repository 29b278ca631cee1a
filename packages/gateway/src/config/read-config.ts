import { Value } from 'typebox/value';
import { faultsOf, type Route } from '../routing/route.ts';
import { GatewayConfig } from './schema.ts';

/** What is wrong with a configuration, and where: a JSON pointer. */
export interface ConfigFault {
  readonly path: string;
  readonly reason: string;
}

/** The configuration is not right; all its faults are told at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly ConfigFault[]) {
    super(faults.map(({ path, reason }) => `${path}: ${reason}`).join('\n'));
  }
}

/** Reads a configuration in JSON. Throws `ConfigError`. */
export const readConfig = (text: string): GatewayConfig => checkConfig(parse(text));

/** Checks a configuration by its schema, and then what a schema cannot tell. Throws `ConfigError`. */
export function checkConfig(value: unknown): GatewayConfig {
  const config = checkShape(value);
  const faults = crossFaults(config);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError([{ path: '/', reason: `is not JSON: ${(error as Error).message}` }]);
  }
}

/** The schema's own faults: the innermost ones, for "must match anyOf" helps nobody. */
export function checkShape(value: unknown): GatewayConfig {
  if (Value.Check(GatewayConfig, value)) return value;
  const errors = [...Value.Errors(GatewayConfig, value)];
  const inner = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'boolean');
  const faults = (inner.length > 0 ? inner : errors).map(({ instancePath, message, params }) => {
    const unknown = (params as { additionalProperties?: readonly string[] }).additionalProperties;
    return { path: instancePath || '/', reason: unknown ? `does not know ${unknown.join(', ')}` : message };
  });
  throw new ConfigError(faults.filter(isFirstOfItsKind));
}

const isFirstOfItsKind = (fault: ConfigFault, at: number, all: readonly ConfigFault[]): boolean =>
  all.findIndex(({ path, reason }) => path === fault.path && reason === fault.reason) === at;

function crossFaults({ routes, upstreams, limits = {} }: GatewayConfig): ConfigFault[] {
  const known = { upstreams: Object.keys(upstreams), limits: [...Object.keys(limits), 'default'] };
  const seen: Route[] = [];
  return routes.flatMap((route, at) => {
    const before = seen.length === 0 ? [] : faultsOf(seen, known);
    seen.push(route as Route);
    const own = faultsOf(seen, known).slice(before.length);
    return own.map((reason) => ({ path: `/routes/${at}`, reason }));
  });
}
