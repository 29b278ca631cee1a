import { deepStrictEqual, ok } from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { test } from 'node:test';
import { statementsIn, untrue } from './docs-rules.ts';
import { plant } from './planted.fixtures.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

test('every link of the pages leads somewhere, every excerpt is true, and every test that they name is there', () => {
  const said = Object.groupBy(statementsIn(root), ({ rule }) => rule);
  const least = { link: 150, excerpt: 20, test: 150 };
  for (const [rule, count] of Object.entries(least)) {
    const { length = 0 } = said[rule as keyof typeof least] ?? [];
    ok(length >= count, `${length} statements of the kind ${rule}`);
  }
  deepStrictEqual(untrue(root), []);
});

test('every pattern has its line in the index', () => {
  const index = readFileSync(join(root, 'docs/patterns/README.md'), 'utf8');
  const pages = globSync('docs/patterns/*.md', { cwd: root }).map((path) => basename(path));
  ok(pages.length > 15, `${pages.length} pages`);
  deepStrictEqual(
    pages.filter((page) => page !== 'README.md' && !index.includes(`](${page})`)),
    [],
  );
});

interface Sample {
  readonly title: string;
  readonly page: string;
}

const PAGE = 'docs/patterns/orders.md';
const SOURCE = 'services/order/src/domain/order.ts';
const TESTS = 'services/order/src/domain/order.test.ts';

/** The page with what it speaks of, in a small system. */
const withPage = (page: string) => ({
  [PAGE]: page,
  'docs/place.md': '# A place\n\n## What it keeps, and why\n\n## Twice\n\n## Twice\n',
  [SOURCE]:
    'export const place = () => {\n  check();\n\n  keep();\n};\nexport const cancel = () => {\n  check();\n};\n',
  [TESTS]: `test('an order is placed', () => {});\ntest("nobody's order is cancelled", () => {});\n`,
});

const excerpt = (...lines: readonly string[]): string => ['```ts', `// ${SOURCE}`, ...lines, '```', ''].join('\n');

const UNTRUE: readonly (Sample & { readonly found: string })[] = [
  { title: 'a link leads nowhere', page: '# Orders\n\nSee [there](../gone.md).\n', found: 'link :3' },
  { title: 'a link with code as its text leads nowhere', page: '[`gone`](gone.md)\n', found: 'link :1' },
  { title: 'a link leaves the repository', page: '[out](../../../../etc)\n', found: 'link :1' },
  { title: 'a link leads to what only a build makes', page: `[made](../../services/order/dist)\n`, found: 'link :1' },
  { title: 'a page has not got the heading', page: '[why](../place.md#why)\n', found: 'link :1' },
  { title: 'a heading of the same page is gone', page: '# Orders\n\n[below](#rules)\n', found: 'link :3' },
  { title: 'a heading is not as often there as told', page: '[twice](../place.md#twice-2)\n', found: 'link :1' },
  { title: 'what has no headings has not got this one', page: `[line](../../${SOURCE}#L1)\n`, found: 'link :1' },
  { title: 'an excerpt differs in a letter', page: `\n${excerpt('  keeps();')}`, found: 'excerpt :3' },
  { title: 'an excerpt differs in its indentation', page: excerpt('keep();'), found: 'excerpt :2' },
  {
    title: 'an excerpt leaves a line out without a gap',
    page: excerpt('  check();', '  keep();'),
    found: 'excerpt :2',
  },
  {
    title: 'an excerpt turns two parts round',
    page: excerpt('export const cancel = () => {', '…', '  keep();'),
    found: 'excerpt :2',
  },
  { title: 'an excerpt shows a part twice', page: excerpt('  keep();', '…', '  keep();'), found: 'excerpt :2' },
  { title: 'an excerpt shows nothing', page: excerpt('…'), found: 'excerpt :2' },
  {
    title: 'an excerpt is of a file that is gone',
    page: '```sh\n# docs/gone.yaml\nport: 1\n```\n',
    found: 'excerpt :2',
  },
  { title: 'a test is called otherwise', page: `# Orders\n\n\`${TESTS}\`: “an order is paid”\n`, found: 'test :3' },
  { title: 'the second of two tests is gone', page: `\`${TESTS}\`: “an order is placed”, “gone”\n`, found: 'test :1' },
  { title: 'a conflict is left', page: `# Orders\n\n${'>'.repeat(7)} 65bd3c7 (Another text)\n`, found: 'merge :3' },
  { title: 'a test is in a file that is gone', page: '`src/gone.test.ts`: “an order is placed”\n', found: 'test :1' },
];

for (const { title, page, found } of UNTRUE) {
  test(`it is found, with page and line, that ${title}`, (t) => {
    deepStrictEqual(
      untrue(plant(t, withPage(page)).root).map(({ rule, at }) => `${rule} ${at}`),
      [found.replace(' :', ` ${PAGE}:`)],
    );
  });
}

const TRUE: readonly (Sample & { readonly said: number })[] = [
  {
    title: 'a link to a page, to a folder and to elsewhere',
    page: '[a](../place.md) [b](../) [c](https://d)',
    said: 2,
  },
  { title: 'a link to a heading with a comma', page: '[why](../place.md#what-it-keeps-and-why)\n', said: 1 },
  { title: 'a link to the second heading of a name', page: '[twice](../place.md#twice-1)\n', said: 1 },
  {
    title: 'a link to a heading of its own',
    page: '# Both `kinds` of [it](../place.md)\n\n[up](#both-kinds-of-it)\n',
    said: 2,
  },
  { title: 'what looks like a link in code', page: 'As `a[0](gone)` says.\n\n```ts\na[0](gone);\n```\n', said: 0 },
  { title: 'a whole excerpt', page: excerpt('  check();', '', '  keep();', '};'), said: 1 },
  {
    title: 'an excerpt with gaps',
    page: excerpt('export const place = () => {', '  …', '', '  keep();', '…', '  check();'),
    said: 1,
  },
  { title: 'a block that names no file', page: '```ts\n// This is an example.\nplace();\n```\n', said: 0 },
  {
    title: 'tests over several lines',
    page: `\`${TESTS}\`: “an order\n  is placed”,\n“nobody's order is cancelled”.\n`,
    said: 2,
  },
];

for (const { title, page, said } of TRUE) {
  test(`nothing is wrong with ${title}`, (t) => {
    const { root: planted } = plant(t, withPage(page));
    deepStrictEqual([statementsIn(planted).length, untrue(planted)], [said, []]);
  });
}
