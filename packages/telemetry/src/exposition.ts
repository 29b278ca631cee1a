import type { Registry } from 'prom-client';
import type { Family, Sample } from './collected.ts';

/** The metrics of a process as a scraper reads them. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

interface Gathered extends Family {
  readonly values: readonly Sample[];
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/**
 * All metrics of a registry, in the form that the scraper likes best: OpenMetrics 1.0 with its exemplars where it says
 * that it reads that, Prometheus text else. The registry's own writer has one form for all, and changes names for it.
 */
export async function exposition(registry: Registry, accept: string | undefined): Promise<Exposition> {
  const metrics = registry.getMetricsAsArray() as unknown as readonly { get(): Promise<Gathered> }[];
  const gathered = await Promise.all(metrics.map((metric) => metric.get()));
  const all = gathered.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return prefersOpenMetrics(accept)
    ? { contentType: OPEN_METRICS, text: `${all.map(openMetrics).join('')}# EOF\n` }
    : { contentType: PROMETHEUS, text: all.map(prometheus).join('') };
}

function prometheus({ values, name, help, type }: Gathered): string {
  const lines = values.map(
    ({ metricName = name, labels, value }) => `${metricName}${labelsOf(labels)} ${numberOf(value)}\n`,
  );
  return `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

const UNIT = /_(seconds|bytes|ratio)$/;

/** A counter's family has no `_total`, its sample has; numbers of buckets are written as floats. */
function openMetrics({ values, ...family }: Gathered): string {
  const { help, type } = family;
  const name = type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  const unit = UNIT.exec(name)?.[1];
  const lines = values.map(({ metricName = type === 'counter' ? `${name}_total` : name, labels, value, exemplar }) => {
    const { le } = labels;
    const own = typeof le === 'number' && Number.isInteger(le) ? { ...labels, le: le.toFixed(1) } : labels;
    const seen = exemplar
      ? ` # ${labelsOf(exemplar.labelSet)} ${numberOf(exemplar.value)} ${exemplar.timestamp.toFixed(3)}`
      : '';
    return `${metricName}${labelsOf(own)} ${numberOf(value)}${seen}\n`;
  });
  return [
    `# TYPE ${name} ${type}\n`,
    ...(unit ? [`# UNIT ${name} ${unit}\n`] : []),
    `# HELP ${name} ${help.replace(/[\\\n"]/g, escaped)}\n`,
    ...lines,
  ].join('');
}

function labelsOf(labels: Readonly<Record<string, string | number>>): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${String(value).replace(/[\\\n"]/g, escaped)}"`);
  return all.length === 0 ? '' : `{${all.join(',')}}`;
}

const escaped = (character: string): string => (character === '\n' ? String.raw`\n` : `\\${character}`);

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

/** Of two that are liked as much, the one that holds more. */
function prefersOpenMetrics(accept = ''): boolean {
  const likes = (type: string): number =>
    Math.max(
      0,
      ...rangesIn(accept)
        .filter((one) => one.type === type)
        .map(({ q }) => q),
    );
  const open = likes('application/openmetrics-text');
  return open > 0 && open >= likes('text/plain');
}

const rangesIn = (accept: string) =>
  accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    return { type, q: Number.isNaN(q) ? 0 : q };
  });
