import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import type { Violation } from './repository.ts';

/** Something that a page says of its repository, which can be looked up there. */
export interface Statement {
  readonly rule: 'link' | 'excerpt' | 'test' | 'merge';
  /** `docs/patterns/sagas.md:12` */
  readonly at: string;
  /** What is wrong with it; nothing where it is true. */
  readonly wrong?: string;
}

interface Page {
  readonly path: string;
  /** The page without its fenced blocks, line for line. */
  readonly prose: string;
  readonly blocks: readonly Block[];
}

interface Block {
  readonly line: number;
  readonly lines: readonly string[];
}

const PAGES = ['*.md', '*/README.md', 'packages/*/README.md', 'docs/**/*.md'];

/** All that the pages of a repository say by a link, by an excerpt of a file, or by the name of a test. */
export function statementsIn(root: string): Statement[] {
  const pages = globSync(PAGES, { cwd: root, exclude: ['**/node_modules/**'] })
    .map((path) => path.split(sep).join('/'))
    .sort()
    .map((path) => readPage(root, path));
  return pages.flatMap((page) => [linksIn, excerptsIn, testsIn, conflictsIn].flatMap((rule) => rule(page, root)));
}

/** What pages say and is not so. */
export const untrue = (root: string): Violation[] =>
  statementsIn(root).flatMap(({ rule, at, wrong }) => (wrong === undefined ? [] : [{ rule, at, what: wrong }]));

function readPage(root: string, path: string): Page {
  const prose: string[] = [];
  const blocks: { line: number; lines: string[] }[] = [];
  let fence: string | undefined;
  for (const [index, line] of textOf(root, path).split('\n').entries()) {
    const [, marks] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
    const isBlock = fence !== undefined || marks !== undefined;
    if (fence === undefined && marks !== undefined) {
      fence = marks;
      blocks.push({ line: index + 2, lines: [] });
    } else if (fence !== undefined && line.trim() === fence) fence = undefined;
    else if (fence !== undefined) blocks.at(-1)!.lines.push(line);
    prose.push(isBlock ? '' : line);
  }
  return { path, prose: prose.join('\n'), blocks };
}

const ELSEWHERE = /^(?:[a-z][a-z\d+.-]*:|\/\/)/i;
const LINK = /\]\(<?([^)>\s]+)/g;
/** Code within a paragraph, in which nothing is a link. */
const CODE = /`(?:(?!\n\s*\n)[^`])+`/g;

/** Every relative link leads to a file of the repository, and a fragment to a heading of that page. */
function linksIn({ path, prose }: Page, root: string): Statement[] {
  const text = prose.replaceAll(CODE, (code) => code.replaceAll(/[^\n]/g, ' '));
  return [...text.matchAll(LINK)]
    .filter(([, target]) => !ELSEWHERE.test(target!))
    .map(({ 1: target, index }) => stated('link', { path, prose, index }, faultOfLink(root, path, target!)));
}

function faultOfLink(root: string, from: string, target: string): string | undefined {
  const [path = '', fragment] = target.split('#');
  const to = path === '' ? from : posix.join(posix.dirname(from), path);
  const isKept = !to.startsWith('..') && !/(?:^|\/)(?:dist|node_modules)(?:\/|$)/.test(to);
  if (!isKept || !existsSync(join(root, to))) return `${target} leads nowhere`;
  if (fragment === undefined) return undefined;
  const hasHeading = to.endsWith('.md') && headingsOf(readPage(root, to)).has(fragment);
  return hasHeading ? undefined : `${to} has no heading #${fragment}`;
}

/** The fragments of a page's headings, as GitHub makes them: the second of a name is numbered. */
function headingsOf({ prose }: Page): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const slugs = [...prose.matchAll(/^#{1,6} +(.+?)[ #]*$/gm)].map(([, heading = '']) => {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(slugs);
}

/** The first line of a block that shows a part of a file: `// services/order/src/domain/entities/order.entity.ts`. */
const SHOWN = /^(?:\/\/|#|--) (\S+\.\w+)$/;
const GAP = /^\s*…$/;

/** What follows the name of a file stands in that file, line for line and in this order; a line `…` is a gap. */
function excerptsIn({ path: page, blocks }: Page, root: string): Statement[] {
  return blocks.flatMap(({ line, lines: [first = '', ...shown] }) => {
    const [, file] = SHOWN.exec(first) ?? [];
    return file === undefined ? [] : [withFault('excerpt', `${page}:${line}`, faultOfExcerpt(root, file, shown))];
  });
}

function faultOfExcerpt(root: string, file: string, shown: readonly string[]): string | undefined {
  if (!existsSync(join(root, file))) return `${file} is not there`;
  const source = textOf(root, file).split('\n');
  const parts = partsOf(shown);
  if (parts.length === 0) return `nothing of ${file} is shown`;
  let after = 0;
  for (const part of parts) {
    const at = source.findIndex((_, from) => from >= after && part.every((line, n) => line === source[from + n]));
    if (at === -1) return `${file} has not got this line, or not here: ${firstStrange(part, source).trim()}`;
    after = at + part.length;
  }
  return undefined;
}

/** The line of an excerpt that the file has nowhere; the first one, where it has them all in another order. */
const firstStrange = (part: readonly string[], source: readonly string[]): string =>
  part.find((line) => !source.includes(line)) ?? part[0]!;

/** What stands between the gaps, without empty lines around it. */
function partsOf(shown: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of shown) {
    if (GAP.test(line)) parts.push([]);
    else if (line !== '' || parts.at(-1)!.length > 0) parts.at(-1)!.push(line);
  }
  return parts
    .map((part) => part.slice(0, part.findLastIndex((line) => line !== '') + 1))
    .filter(({ length }) => length > 0);
}

/** `packages/saga/src/engine.test.ts`: “title”, “another title” */
const NAMED = /`([\w./-]+\.(?:test|contract)\.ts)`:\s+((?:“[^”]+”(?:,\s+)?)+)/g;

/** Every test that is named by its file and its title is there. */
function testsIn({ path, prose }: Page, root: string): Statement[] {
  return [...prose.matchAll(NAMED)].flatMap(({ 1: file = '', 2: titles = '', index }) =>
    [...titles.matchAll(/“([^”]+)”/g)].map(([, said = '']) => {
      const title = said.replaceAll(/\s+/g, ' ');
      const isThere = existsSync(join(root, file)) && isTitle(title, textOf(root, file));
      return stated('test', { path, prose, index }, isThere ? undefined : `${file} has no test “${title}”`);
    }),
  );
}

const isTitle = (title: string, source: string): boolean =>
  ["'", '`', '"'].some((quote) => source.includes(`${quote}${title}${quote}`));

const CONFLICT = /^(?:<{7}|>{7}) .*$/gm;

/** What two have written, and nobody has chosen from. */
const conflictsIn = ({ path, prose }: Page): Statement[] =>
  [...prose.matchAll(CONFLICT)].map(({ 0: mark, index }) => stated('merge', { path, prose, index }, `left: ${mark}`));

interface Place {
  readonly path: string;
  readonly prose: string;
  readonly index: number;
}

const stated = (rule: Statement['rule'], { path, prose, index }: Place, wrong: string | undefined): Statement =>
  withFault(rule, `${path}:${prose.slice(0, index).split('\n').length}`, wrong);

const withFault = (rule: Statement['rule'], at: string, wrong: string | undefined): Statement => ({
  rule,
  at,
  ...(wrong !== undefined && { wrong }),
});

const textOf = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');
