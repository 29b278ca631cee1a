import { parseArgs } from 'node:util';
import { type Created, createService } from './new-service/create-service.ts';
import { namesOf } from './new-service/names.ts';
import { callsOf } from './new-service/places.ts';
import { onStop } from './parent.ts';
import { optionFault, UsageError } from './settings.ts';
import { root } from './test-run.ts';

const HELP = `Usage: ashlar new service NAME [--entity NAME] [--plural NAME]

Creates a service with its four layers, a database, an entity, tests, contracts, gateway routes and deployment
manifests; it builds, and passes its tests and the doctor, right away. Existing files are never overwritten.

  NAME           such as wishlist or gift-card: the folder, the database, the messages
  --entity NAME  its entity, if that has another name (NAME; review for reviews)
  --plural NAME  the entity's plural: the table, and the path /v1/… (wishlists, gift-cards)`;

/** `ashlar new service`: a service of one's own, of the same form as the others. */
export async function newService(args: readonly string[]): Promise<number> {
  const { positionals, values } = parse(args);
  if (values.help || args.length === 0) {
    console.log(HELP);
    return 0;
  }
  const [kind, name, ...more] = positionals;
  if (kind !== 'service' || name === undefined || more.length > 0)
    throw new UsageError(['The usage is: ashlar new service NAME. See ashlar new --help.']);
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
    `Created the service ${name}: ${made.length} new files, most of them in services/${name}.`,
    'It is registered in:',
    ...indented(changed),
    ...(left.length === 0 ? [] : ['', 'These places were not found; please edit them yourself:', ...indented(byHand)]),
    '',
    'Its endpoints, for signed-in users:',
    ...indented(calls),
    '',
    `Test it: npm test -- services/${name}. Check everything: npm run check. Run it: npm start.`,
    'How to turn it into your own domain: docs/patterns/new-service.md.',
  ].join('\n');
}
