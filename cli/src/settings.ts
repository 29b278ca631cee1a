import { parseArgs } from 'node:util';
import { parseCounts } from './replica-counts.ts';

/** The command was called wrongly; every fault is told at once. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** What `parseArgs` refuses, in one line that says where the options are told. */
export function optionFault(error: unknown): string {
  const [fault = ''] = (error as Error).message.split(/\n|\. To specify a positional/);
  return `${fault.replace(/\.$/, '')}: --help tells the options.`;
}

/** One thing that can be told by an option, or by a variable. */
export interface Setting {
  readonly variable: string;
  readonly value?: string;
  readonly option?: string;
  readonly help: string;
}

type Values = Readonly<Record<string, string | undefined>>;

interface Source {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** What is wrong is noted here. */
  readonly faults: string[];
}

export function readValues(settings: readonly Setting[], { args, environment, faults }: Source): Values {
  const options = Object.fromEntries(
    settings.flatMap(({ option }) => (option ? [[option, { type: 'string' as const }]] : [])),
  );
  let given: Readonly<Record<string, unknown>> = {};
  try {
    given = parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    faults.push(optionFault(error));
  }
  return Object.fromEntries(
    settings.map(({ variable, option, value }) => {
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
export class Reader {
  constructor(
    private readonly settings: readonly Setting[],
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

  /** For what has no default, and cannot be done without. */
  needed(name: string): void {
    if (this.values[name] === undefined) this.faults.push(`${name} has to be given.`);
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const value = this.values[name];
    if (value !== undefined && !isAddress(value, protocols))
      this.#fault(name, `an address that begins with ${protocols[0]}//`);
    return value;
  }

  /** One address, or several with commas between them. */
  urls(name: string, protocols: readonly string[]): string {
    const value = this.values[name] ?? '';
    if (!value.split(',').every((one) => isAddress(one.trim(), protocols)))
      this.#fault(name, `an address that begins with ${protocols[0]}//, or several with commas between them`);
    return value;
  }

  /** Those of `urls`, one by one; none where there is no value. */
  urlList(name: string, protocols: readonly string[]): readonly string[] {
    if (this.values[name] === undefined) return [];
    return this.urls(name, protocols)
      .split(',')
      .map((one) => one.trim());
  }

  /** `order=2,payment=2` */
  counts(name: string, known: readonly string[], most: number): Readonly<Record<string, number>> {
    const counts = parseCounts(this.values[name]?.split(',') ?? [], known, most);
    if (!counts) this.#fault(name, `such as order=2,payment=2, at most ${most} of ${known.join(', ')}`);
    return counts ?? {};
  }

  #fault(name: string, what: string): void {
    const option = this.settings.find(({ variable }) => variable === name)?.option;
    this.faults.push(`${option ? `--${option} (${name})` : name} must be ${what}.`);
  }
}

const isAddress = (value: string, protocols: readonly string[]): boolean =>
  URL.canParse(value) && protocols.includes(new URL(value).protocol);

/** The lines of `--help`. */
export const settingRows = (settings: readonly Setting[]): string[] =>
  settings.map(({ variable, option, value, help }) => {
    const name = `${option ? `--${option}, ` : ''}${variable}`;
    return `  ${name.padEnd(30)} ${help}${value ? ` (${value})` : ''}`;
  });
