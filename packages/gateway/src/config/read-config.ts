import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { type ConfigFault, crossFaults, fileFaults } from './config-faults.ts';
import { repeatedNames } from './repeated-names.ts';
import { GatewayConfig } from './schema.ts';
import { soundParts } from './sound-parts.ts';

/** The configuration is not right; all its faults are told at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly ConfigFault[]) {
    super(faults.map(({ path, reason }) => `${path}: ${reason}`).join('\n'));
  }
}

/** Reads a configuration in JSON; what it names is looked for beside `file`, its own. Throws `ConfigError`. */
export function readConfig(text: string, file?: string): GatewayConfig {
  const value = parse(text);
  return whole(value, [...repeatedNames(text), ...faultsIn(value, file)]);
}

/** Checks a configuration as `readConfig` does. Throws `ConfigError`. */
export const checkConfig = (value: unknown, file?: string): GatewayConfig => whole(value, faultsIn(value, file));

function whole(value: unknown, faults: readonly ConfigFault[]): GatewayConfig {
  if (faults.length > 0) throw new ConfigError(faults);
  return value as GatewayConfig;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError([{ path: '/', reason: `is not JSON: ${(error as Error).message}` }]);
  }
}

/** By the schema, and, of what the schema finds right, what a schema cannot tell. */
function faultsIn(value: unknown, file: string | undefined): readonly ConfigFault[] {
  const errors = Value.Check(GatewayConfig, value) ? [] : shapeErrors(value);
  const sound = soundParts(value, errors);
  return [...shapeFaults(errors), ...crossFaults(sound), ...(file === undefined ? [] : fileFaults(sound, file))];
}

/** The innermost ones, for "must match anyOf" helps nobody. */
function shapeErrors(value: unknown) {
  const errors = everyError(value);
  const inner = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'boolean');
  return inner.length > 0 ? inner : errors;
}

function shapeFaults(errors: ReturnType<typeof shapeErrors>): readonly ConfigFault[] {
  const faults = errors.map(({ instancePath, message, params }) => {
    const { additionalProperties: unknown, allowedValue } = params as SchemaDetails;
    const among = errors.flatMap((other) => (other.instancePath === instancePath ? allowedIn(other.params) : []));
    const known = allowedValue === undefined ? message : `must be one of ${among.join(', ')}`;
    return { path: instancePath || '/', reason: unknown ? `does not know ${unknown.join(', ')}` : known };
  });
  return faults.filter(isFirstOfItsKind);
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
