import { parseArgs } from 'node:util';
import { THRESHOLDS, type Thresholds } from '@ashlar/doctor';
import { optionFault, UsageError } from '../settings.ts';

export const DOCTOR_HELP = `Usage: ashlar doctor [PATH] [options]

Judges the architecture of a system: the eight items of the checklist, and the four anti-patterns.

  PATH                    the repository (the current folder; with --traces alone, none)
  --traces FILE           traces as OTLP, Jaeger or Zipkin JSON of any size, also .gz; may be given several times
  --live URL              a running Ashlar: its probes, breakers and traces; and, with DATABASE_URL, its grants.
                          It signs in with ASHLAR_TOKEN, ADMIN_EMAIL and ADMIN_PASSWORD, or DATA_DIR/admin.json
  --format FORMAT         text, json, sarif or html (text)
  --output FILE           where the report is written to (standard output)
  --baseline FILE         findings that are known: only new ones count
  --write-baseline FILE   writes what is found now as a baseline
  --fail-on SEVERITY      what ends with exit code 1: error, or warning, which errors are as well (error)
  --write-contracts       writes the published schemas, with which later versions are compared
  --threshold NAME=VALUE  from where on a number is a finding; may be given several times:
${Object.entries(THRESHOLDS)
  .map(([name, value]) => `                            ${name}=${value}`)
  .join('\n')}
  --no-history            does not read the commits

Exit code 0: no new error; 1: new errors (or warnings, as --fail-on says); 2: the command was called wrongly.`;

const FORMATS = ['text', 'json', 'sarif', 'html'] as const;
const SEVERITIES = ['error', 'warning'] as const;

export interface DoctorOptions {
  readonly path: string | undefined;
  readonly traces: readonly string[];
  readonly live: string | undefined;
  readonly format: (typeof FORMATS)[number];
  readonly output: string | undefined;
  readonly baseline: string | undefined;
  readonly writeBaseline: string | undefined;
  readonly failOn: (typeof SEVERITIES)[number];
  readonly writeContracts: boolean;
  readonly history: boolean;
  readonly thresholds: Partial<Thresholds>;
}

const OPTIONS = {
  traces: { type: 'string', multiple: true, default: [] as string[] },
  live: { type: 'string' },
  format: { type: 'string', default: 'text' },
  output: { type: 'string' },
  baseline: { type: 'string' },
  'write-baseline': { type: 'string' },
  'fail-on': { type: 'string', default: 'error' },
  'write-contracts': { type: 'boolean', default: false },
  threshold: { type: 'string', multiple: true, default: [] as string[] },
  'no-history': { type: 'boolean', default: false },
} as const;

/** An empty variable of a script asks for nothing, and shall not pass for that. */
const NAMED = ['traces', 'live', 'output', 'baseline', 'write-baseline'] as const;

/** Every fault of a call is told at once. */
export function readDoctorOptions(args: readonly string[]): DoctorOptions {
  const { values, positionals } = parse(args);
  const format = FORMATS.find((one) => one === values.format);
  const failOn = SEVERITIES.find((one) => one === values['fail-on']);
  const thresholds = values.threshold.map(readThreshold);
  const faults = [
    ...(positionals.length > 1 ? ['ashlar doctor judges one repository: name one folder.'] : []),
    ...(format ? [] : [`--format must be one of ${FORMATS.join(', ')}.`]),
    ...(failOn ? [] : [`--fail-on must be one of ${SEVERITIES.join(', ')}.`]),
    ...thresholds.filter((one) => typeof one === 'string'),
    ...NAMED.filter((name) => [values[name]].flat().includes('')).map((name) => `--${name} is empty.`),
  ];
  if (!format || !failOn || faults.length > 0) throw new UsageError(faults);
  const isTracesOnly = positionals.length === 0 && (values.traces.length > 0 || values.live !== undefined);
  return {
    path: isTracesOnly ? undefined : (positionals[0] ?? '.'),
    traces: values.traces,
    live: values.live,
    format,
    output: values.output,
    baseline: values.baseline,
    writeBaseline: values['write-baseline'],
    failOn,
    writeContracts: values['write-contracts'],
    history: !values['no-history'],
    thresholds: Object.fromEntries(thresholds.filter((one) => typeof one !== 'string')),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError([optionFault(error)]);
  }
}

function readThreshold(text: string): readonly [string, number] | string {
  const [name = '', value] = text.split('=');
  if (!(name in THRESHOLDS)) return `--threshold ${name}: there is ${Object.keys(THRESHOLDS).join(', ')}.`;
  const number = Number(value);
  return value !== undefined && value !== '' && number >= 0 ? [name, number] : `--threshold ${name} needs a number.`;
}
