import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { type ConfigFault, crossFaults } from './config-faults.ts';
import { repeatedNames } from './repeated-names.ts';
import { GatewayConfig } from './schema.ts';

/** The configuration is not right; all its faults are told at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly ConfigFault[]) {
    super(faults.map(({ path, reason }) => `${path}: ${reason}`).join('\n'));
  }
}

/** Reads a configuration in JSON. Throws `ConfigError`. */
export function readConfig(text: string): GatewayConfig {
  const value = parse(text);
  const faults = repeatedNames(text);
  if (faults.length > 0) throw new ConfigError(faults);
  return checkConfig(value);
}

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
  const errors = everyError(value);
  const inner = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'boolean');
  const told = inner.length > 0 ? inner : errors;
  const faults = told.map(({ instancePath, message, params }) => {
    const { additionalProperties: unknown, allowedValue } = params as SchemaDetails;
    const among = told.flatMap((other) => (other.instancePath === instancePath ? allowedIn(other.params) : []));
    const known = allowedValue === undefined ? message : `must be one of ${among.join(', ')}`;
    return { path: instancePath || '/', reason: unknown ? `does not know ${unknown.join(', ')}` : known };
  });
  throw new ConfigError(faults.filter(isFirstOfItsKind));
}

const MANY = 10_000;

/** The library gives up after a few, which one wrong method alone uses up. */
function everyError(value: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MANY });
  try {
    return Value.Errors(GatewayConfig, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

interface SchemaDetails {
  readonly additionalProperties?: readonly string[];
  readonly allowedValue?: unknown;
}

const allowedIn = (params: object): readonly string[] =>
  'allowedValue' in params ? [JSON.stringify(params.allowedValue)] : [];

const isFirstOfItsKind = (fault: ConfigFault, at: number, all: readonly ConfigFault[]): boolean =>
  all.findIndex(({ path, reason }) => path === fault.path && reason === fault.reason) === at;
