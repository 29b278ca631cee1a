import { parseArgs } from 'node:util';
import { type Created, createService } from './new-service/create-service.ts';
import { namesOf } from './new-service/names.ts';
import { callsOf } from './new-service/places.ts';
import { onStop } from './parent.ts';
import { optionFault, UsageError } from './settings.ts';
import { root } from './test-run.ts';

const HELP = `Usage: ashlar new service NAME [--entity NAME] [--plural NAME]

Writes a service with its four layers, a database, an entity, tests, contracts, its routes at the gateway and its part
of the deployment; it builds, passes its tests and the doctor at once. What is there already is never replaced.

  NAME           such as wishlist or gift-card: the folder, the database, the messages
  --entity NAME  the thing that it keeps, when that is called otherwise (NAME; review for reviews)
  --plural NAME  many of these: the table, and the address /v1/… (wishlists, gift-cards)`;

/** `ashlar new service`: a service of one's own, of the same form as the others. */
export async function newService(args: readonly string[]): Promise<number> {
  const { positionals, values } = parse(args);
  if (values.help || args.length === 0) {
    console.log(HELP);
    return 0;
  }
  const [kind, name, ...more] = positionals;
  if (kind !== 'service' || name === undefined || more.length > 0)
    throw new UsageError(['It is called as ashlar new service NAME; ashlar new --help tells more.']);
  const { entity, plural } = values;
  const names = namesOf(name, { ...(entity !== undefined && { entity }), ...(plural !== undefined && { plural }) });
  const stop = new AbortController();
  onStop(() => stop.abort());
  const onProgress = (line: string) => console.error(line);
  const created = await createService(names, { root, onProgress, signal: stop.signal });
  console.log(reportOf(name, created, callsOf(names)));
  return created.left.length === 0 ? 0 : 1;
}

function parse(args: readonly string[]) {
  try {
    const options = {
      entity: { type: 'string' },
      plural: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError([optionFault(error)]);
  }
}

function reportOf(name: string, { made, changed, left }: Created, calls: readonly string[]): string {
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
  const byHand = left.map((one) => `${one.file}: ${one.byHand.replaceAll('\n', '\n    ')}`);
  return [
    `The service ${name} is there: ${made.length} new files, most of them in services/${name}.`,
    'It is entered in:',
    ...indented(changed),
    ...(left.length === 0 ? [] : ['', 'These places were not found and are left to you:', ...indented(byHand)]),
    '',
    'It answers, for users who have signed in:',
    ...indented(calls),
    '',
    `Its tests: npm test -- services/${name}. All checks: npm run check. Start it: npm start.`,
    'From here to a domain of your own: docs/patterns/new-service.md.',
  ].join('\n');
}
