import { parseArgs } from 'node:util';
import type { ServiceDescription } from '@ashlar/host';
import { formatChange } from '@ashlar/published-language';
import { Baseline, type Comparison, documentOf, formats, isFormat } from './contracts/baseline.ts';
import { describeSystem } from './contracts/describe-system.ts';
import { documentText } from './contracts/document-text.ts';
import { optionFault, UsageError } from './settings.ts';

const HELP = `Usage: ashlar contracts check
       ashlar contracts record [--accept-breaking]
       ashlar contracts show SERVICE openapi|asyncapi

  check    compares the services' messages and HTTP APIs with contracts/baseline; fails on breaking changes
  record   updates contracts/baseline when the current state is published; refuses breaking changes
    --accept-breaking   records them all the same, and services without a record
  show     prints a document of one service: OpenAPI 3.1 or AsyncAPI 3.0`;

const COMMANDS: Readonly<Record<string, (args: Arguments) => number>> = { check, record, show };

interface Arguments {
  readonly rest: readonly string[];
  readonly acceptBreaking: boolean;
  readonly baseline: Baseline;
  readonly services: readonly ServiceDescription[];
}

/** What the command works on: the records, and what the services say now. */
interface Surroundings {
  readonly baseline: Baseline;
  readonly describe: () => Promise<readonly ServiceDescription[]>;
}

const HERE: Surroundings = { baseline: new Baseline(), describe: describeSystem };

/** `ashlar contracts`: what the services say to the world, and whether a change of it breaks somebody. */
export async function contracts(args: readonly string[], { baseline, describe } = HERE): Promise<number> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return 0;
  }
  const { positionals, acceptBreaking } = parse(args);
  const [name = '', ...rest] = positionals;
  const command = COMMANDS[name];
  const isTooMuch = (rest.length > 0 && name !== 'show') || (acceptBreaking && name !== 'record');
  if (!command || isTooMuch) throw new UsageError(['ashlar contracts --help lists the commands.']);
  return command({ rest, acceptBreaking, baseline, services: await describe() });
}

function parse(args: readonly string[]): { positionals: string[]; acceptBreaking: boolean } {
  try {
    const options = { 'accept-breaking': { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { positionals, acceptBreaking: values['accept-breaking'] ?? false };
  } catch (error) {
    throw new UsageError([optionFault(error)]);
  }
}

function check({ baseline, services }: Arguments): number {
  const compared = baseline.compare(services);
  const broken = report(compared, baseline.orphans(services));
  const behind = compared.filter(({ isCurrent, recorded }) => recorded && !isCurrent);
  if (broken > 0) {
    console.error(
      `${broken} changes break somebody; what was published stays. See docs/patterns/published-language.md.`,
    );
    return 1;
  }
  console.log(`${compared.length} documents keep what was published.`);
  if (behind.length > 0) {
    const names = behind.map(({ name }) => name).join(', ');
    console.log(`Not recorded yet: ${names}. When it is published: ashlar contracts record.`);
  }
  return 0;
}

/** Prints what changed; answers how much of it breaks somebody. */
function report(compared: readonly Comparison[], orphans: readonly string[]): number {
  const all = compared.flatMap(({ name, changes }) => changes.map((change) => ({ name, change })));
  for (const { name, change } of all) console.log(`${name}\n${formatChange(change)}`);
  const missing = compared.filter(({ recorded }) => !recorded).map(({ name }) => name);
  for (const name of missing) console.log(`✖ ${name}: there is no record of it in contracts/baseline.`);
  for (const name of orphans) console.log(`✖ ${name}: it is recorded, and no service says it any more.`);
  return all.filter(({ change }) => change.breaks).length + missing.length + orphans.length;
}

function record({ acceptBreaking, baseline, services }: Arguments): number {
  const compared = baseline.compare(services);
  const orphans = baseline.orphans(services);
  const broken = report(compared, orphans);
  if (broken > 0 && !acceptBreaking) {
    console.error(`Nothing is recorded: ${broken} changes break somebody. Who means it says --accept-breaking.`);
    return 1;
  }
  for (const comparison of compared.filter(({ isCurrent }) => !isCurrent)) {
    baseline.write(comparison);
    console.log(`recorded ${comparison.name}`);
  }
  for (const name of orphans) {
    baseline.forget(name);
    console.log(`forgot ${name}`);
  }
  return 0;
}

function show({ rest, services }: Arguments): number {
  const [name, format = '', ...more] = rest;
  const found = services.find(({ service }) => service === name);
  if (!found || !isFormat(format) || more.length > 0) throw new UsageError([whatToShow(services)]);
  console.log(documentText(documentOf(found, format)).trimEnd());
  return 0;
}

const whatToShow = (services: readonly ServiceDescription[]): string =>
  `ashlar contracts show wants ${services.map(({ service }) => service).join(', ')}, and ${formats.join(' or ')}.`;
