/** One sample of a metric, as a scraper reads it. */
export interface Scraped {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: Example | undefined;
}

export interface Example {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since 1970; 0 where it is not told. */
  readonly at: number;
}

export interface ScrapedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly Scraped[];
}

export type Format = 'prometheus' | 'openmetrics';

interface Growing {
  readonly name: string;
  type?: string;
  help?: string;
  unit?: string;
  readonly samples: Scraped[];
}

const METADATA = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;
const LABELS = String.raw`\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))*)\}`;
const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN`;
const SAMPLE = new RegExp(
  `^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:${LABELS})? (${NUMBER})(?: # ${LABELS} (${NUMBER})(?: (\\d+(?:\\.\\d+)?))?)?$`,
);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g;

/** What may follow a family's name, by its type. */
const SUFFIXES: Readonly<Record<Format, Readonly<Record<string, readonly string[]>>>> = {
  prometheus: { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] },
  openmetrics: { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] },
};

/** Reads a page of metrics to the letter of its format, and throws at the first thing that is not right. */
export function readExposition(text: string, format: Format): ReadonlyMap<string, ScrapedFamily> {
  const families = new Map<string, Growing>();
  let current: Growing | undefined;
  for (const line of linesOf(text, format)) {
    const metadata = METADATA.exec(line);
    const name = metadata?.[2];
    if (metadata && name !== current?.name) {
      if (families.has(name!)) throw new Error(`The family ${name} comes in two parts.`);
      current = { name: name!, samples: [] };
      families.set(name!, current);
    }
    if (!current) throw new Error(`A sample without a family: ${line}`);
    if (metadata) describe(current, [metadata[1]!, metadata[3]!], format);
    else current.samples.push(sampleOf(line, current, format));
  }
  return new Map([...families.values()].map((family) => [family.name, checked(family)]));
}

function linesOf(text: string, format: Format): string[] {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('It does not end with # EOF.');
  return lines;
}

function describe(family: Growing, [word, said]: readonly [string, string], format: Format): void {
  const key = word.toLowerCase() as 'help' | 'type' | 'unit';
  if (family[key] !== undefined) throw new Error(`${family.name} has two lines of ${word}.`);
  if (family.samples.length > 0) throw new Error(`${word} of ${family.name} comes after its samples.`);
  if (word === 'UNIT' && (format === 'prometheus' || !family.name.endsWith(`_${said}`)))
    throw new Error(`${family.name} cannot have the unit ${said}.`);
  if (word === 'TYPE' && !SUFFIXES[format][said]) throw new Error(`${family.name} is a ${said}.`);
  family[key] = said;
}

function sampleOf(line: string, { name: family, type = 'none' }: Growing, format: Format): Scraped {
  const [, name, labels = '', value, about, seen, at = '0'] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`No sample: ${line}`);
  if (!name.startsWith(family) || !SUFFIXES[format][type]?.includes(name.slice(family.length)))
    throw new Error(`${name} does not belong to ${family}, a ${type}.`);
  const exemplar =
    about === undefined ? undefined : { labels: labelsIn(about), value: numberIn(seen!), at: numberIn(at) };
  if (exemplar && (format !== 'openmetrics' || !/_(bucket|total)$/.test(name)))
    throw new Error(`${name} cannot have an exemplar.`);
  return { name, labels: labelsIn(labels), value: numberIn(value!), exemplar };
}

function labelsIn(text: string): Record<string, string> {
  const pairs = [...text.matchAll(LABEL)].map(([, name, value]) => [name!, value!] as const);
  const labels = Object.fromEntries(pairs);
  if (Object.keys(labels).length < pairs.length) throw new Error(`A label comes twice: ${text}`);
  return labels;
}

const numberIn = (text: string): number => Number(text.replace(/Inf$/, 'Infinity'));

function checked({ name, type, help, unit, samples }: Growing): ScrapedFamily {
  if (type === undefined || help === undefined) throw new Error(`${name} lacks its type or its help.`);
  const series = samples.map((sample) => `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`);
  if (new Set(series).size < series.length) throw new Error(`A series of ${name} comes twice.`);
  if (type !== 'gauge' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} counts below nothing.`);
  if (type === 'histogram') checkHistogram(name, samples);
  return { name, type, help, unit, samples };
}

/** Buckets ascend, hold what the smaller ones hold, and end with all; an exemplar lies in its bucket. */
function checkHistogram(name: string, samples: readonly Scraped[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(Object.entries(labels)));
  for (const [labels, group] of groups) {
    const last = { bound: Number.NEGATIVE_INFINITY, value: 0 };
    for (const { labels: own, value, exemplar } of group.filter((one) => one.name === `${name}_bucket`)) {
      const bound = numberIn(own['le'] ?? 'none');
      const isInside = !exemplar || (exemplar.value > last.bound && exemplar.value <= bound);
      if (!(bound > last.bound) || value < last.value || !isInside)
        throw new Error(`The bucket ${own['le']} of ${name} ${labels} is not right.`);
      Object.assign(last, { bound, value });
    }
    const count = group.find((one) => one.name === `${name}_count`)?.value;
    const hasSum = group.some((one) => one.name === `${name}_sum`);
    if (last.bound !== Number.POSITIVE_INFINITY || count !== last.value || !hasSum)
      throw new Error(`${name} ${labels} does not add up.`);
  }
}
