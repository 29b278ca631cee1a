import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { UsageError } from '../settings.ts';
import { aCheckout, type Checkout } from './checkout.fixtures.ts';
import { createService } from './create-service.ts';
import { type GivenNames, namesOf } from './names.ts';
import { NewServiceError } from './new-service.error.ts';
import { readTemplate, render } from './template.ts';

const ENTERED = [
  'architecture.json',
  'cli/package.json',
  'cli/src/topology/shop-services.ts',
  'cli/tsconfig.json',
  'contracts/src/catalogue.ts',
  'deploy/compose/compose.yaml',
  'gateway/src/routes.ts',
  'package-lock.json',
  'tsconfig.json',
];

const create = (
  { root }: Checkout,
  name: string,
  { signal = new AbortController().signal, ...given }: GivenNames & { readonly signal?: AbortSignal } = {},
) => createService(namesOf(name, given), { root, onProgress: () => {}, signal });

/** What is said where a service cannot have this name. */
async function refusal(checkout: Checkout, name: string, given?: GivenNames): Promise<string> {
  try {
    await create(checkout, name, given);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return '';
}

const addedTo = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) =>
  [...after.keys()].filter((path) => !before.has(path));

test('a service is written, is entered wherever services are, and nothing of the template is left', async (t) => {
  const checkout = aCheckout(t);
  const before = checkout.all();
  const { made, changed, left } = await create(checkout, 'zebra-herd');
  const after = checkout.all();
  deepStrictEqual([addedTo(before, after), changed.toSorted(), left], [made.toSorted(), ENTERED, []]);
  for (const path of ENTERED) match(after.get(path)!, /zebra-herd/, path);
  const leftOvers = made.filter((path) => /tool.?shed|key.?ring/i.test(path + after.get(path)));
  deepStrictEqual(leftOvers, []);
  ok(made.includes('services/zebra-herd/src/application/use-cases/list-zebra-herds.use-case.ts'));
  match(after.get('services/zebra-herd/migrations/001-zebra-herd.sql')!, /^create table zebra_herds \($/m);
  strictEqual(
    checkout.read('node_modules/@ashlar/zebra-herd-service/package.json').includes('zebra-herd-service'),
    true,
  );
  const { packages } = JSON.parse(after.get('package-lock.json')!);
  const [folder, name] = ['services/zebra-herd', '@ashlar/zebra-herd-service'];
  deepStrictEqual(packages[`node_modules/${name}`], { resolved: folder, link: true });
  deepStrictEqual([packages[folder].name, packages.cli.dependencies[name]], [name, '0.1.0']);
  match(await refusal(checkout, 'zebra-herd'), /There is a service zebra-herd already/);
  deepStrictEqual(checkout.all(), after);
});

test('where it does not build, everything is as it was', async (t) => {
  const checkout = aCheckout(t);
  checkout.write('node_modules/typescript/bin/tsc', 'console.log("TS1: no"); process.exit(1)');
  const before = checkout.all();
  await rejects(
    create(checkout, 'zebra'),
    (error) => error instanceof NewServiceError && /TS1: no/.test(error.message),
  );
  deepStrictEqual(checkout.all(), before);
  throws(() => checkout.read('node_modules/@ashlar/zebra-service/package.json'));
});

test('who interrupts it finds everything as it was', async (t) => {
  const checkout = aCheckout(t);
  checkout.write(
    'node_modules/typescript/bin/tsc',
    'require("node:fs").writeFileSync("begun", ""); setInterval(() => {}, 1e6)',
  );
  const before = checkout.all();
  const stop = new AbortController();
  let isOver = false;
  const creating = create(checkout, 'zebra', { signal: stop.signal }).finally(() => {
    isOver = true;
  });
  const interrupted = rejects(creating, /interrupted/);
  while (!isOver && !existsSync(join(checkout.root, 'begun'))) await turn();
  ok(checkout.all().size > before.size + 30);
  stop.abort();
  await interrupted;
  rmSync(join(checkout.root, 'begun'));
  deepStrictEqual(checkout.all(), before);
});

test('a place that was not found is told with what belongs there, and the others are entered', async (t) => {
  const checkout = aCheckout(t);
  checkout.write('gateway/src/routes.ts', 'export const OURS = [];\n');
  checkout.write('deploy/compose/compose.yaml', 'services: {}\n');
  checkout.write('node_modules/typescript/bin/tsc', 'process.exit(1)');
  const { changed, left } = await create(checkout, 'zebra');
  const files = left.map(({ file }) => file);
  deepStrictEqual(files, [
    'gateway/src/routes.ts',
    'deploy/compose/compose.yaml',
    'contracts/baseline',
    'docs/event-flow.md',
  ]);
  match(left[0]!.byHand, /TABLE:\nzebra: \{\n {2}'POST \/v1\/zebras': \{ access: 'user' \},/);
  match(left[1]!.byHand, /DATABASE_URL: postgres:\/\/zebra_service:/);
  strictEqual(checkout.read('gateway/src/routes.ts'), 'export const OURS = [];\n');
  deepStrictEqual(
    changed.toSorted(),
    ENTERED.filter((path) => !files.includes(path)),
  );
});

test('where a service of that name was taken away, what it has left behind is in nobody’s way', async (t) => {
  const checkout = aCheckout(t);
  checkout.write('services/zebra/dist/index.js', '');
  symlinkSync('../../services/zebra', join(checkout.root, 'node_modules/@ashlar/zebra-service'));
  ok((await create(checkout, 'zebra')).made.length > 30);
  match(checkout.read('node_modules/@ashlar/zebra-service/package.json'), /zebra-service/);
});

test('what is formatted otherwise stays so, and what was changed here stays', async (t) => {
  const checkout = aCheckout(t);
  const path = 'cli/src/topology/shop-services.ts';
  const ours = `${checkout.read(path).replaceAll("'", '"')}\n\n// Ours.\n`;
  checkout.write(path, ours);
  await create(checkout, 'zebra');
  const line = "  zebra: async () => (await import('@ashlar/zebra-service')).zebraService(),\n";
  strictEqual(checkout.read(path).replace(line, ''), ours);
});

const REFUSED: readonly (readonly [string, GivenNames | undefined, RegExp])[] = [
  ['Zebra', undefined, /lower case/],
  ['zebra--herd', undefined, /lower case/],
  ['../zebra', undefined, /lower case/],
  ['w', undefined, /2 to 24/],
  ['customer-satisfaction', undefined, /--entity has a name of 2 to 16/],
  ['shared-cart', undefined, /"shared" says nothing/],
  ['gateway', undefined, /another part/],
  ['class', undefined, /a word of TypeScript/],
  ['checkout', undefined, /another part/],
  ['money', undefined, /another part/],
  ['members', { entity: 'user' }, /\/v1\/users is answered by another service/],
  ['lost-mail', { entity: 'parked-message' }, /parked_messages is a table of the kit/],
  ['zoo', { entity: 'sheep', plural: 'sheep' }, /choose another --plural/],
  ['zoo', { entity: 'delete' }, /delete means something else/],
  ['atlas', { entity: 'map' }, /Map means something else/],
  ['time', { entity: 'clock' }, /Clock, clock means something else/],
];

test('a name that cannot be is refused in one line, and nothing is written', async (t) => {
  const checkout = aCheckout(t);
  checkout.write('services/mine/README.md', '');
  checkout.write('contracts/src/letters.ts', '');
  const before = checkout.all();
  for (const [name, given, why] of REFUSED) {
    const said = await refusal(checkout, name, given);
    match(said, why, name);
    strictEqual(said.includes('\n'), false, said);
  }
  match(await refusal(checkout, 'mine'), /There is a service mine already/);
  match(await refusal(checkout, 'letters'), /contracts of that name already/);
  deepStrictEqual(checkout.all(), before);
});

test('with the longest names no line and no file is longer than the house allows', async (t) => {
  const checkout = aCheckout(t);
  const names = { entity: 'unspeakable-odds', plural: 'unspeakable-oddses' };
  const { made, changed } = await create(checkout, 'extraordinary-lengthines', names);
  const sources = [...made, ...changed].filter((path) => path.endsWith('.ts'));
  const long = sources.filter((path) =>
    checkout
      .read(path)
      .split('\n')
      .some((line) => [...line].length > 120),
  );
  deepStrictEqual([long, sources.filter((path) => checkout.read(path).split('\n').length > 201)], [[], []]);
});

test('no file of the template becomes the file of another one when a service is called as what it keeps', () => {
  const template = readTemplate();
  for (const name of ['zebra', 'zebras']) strictEqual(render(template, namesOf(name)).size, template.size);
});
