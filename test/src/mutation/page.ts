import { join, resolve } from 'node:path';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import type { Catch } from './mutation-run.ts';

export const PAGE = join(resolve(import.meta.dirname, '..', '..', '..'), 'docs', 'mutation-proof.md');

const HEAD = `<!-- Made by \`MUTATION_PAGE=write npm run soak -- mutation\`; a test compares its rows. -->

# Mutation proof

A test that cannot fail proves nothing. So what is compiled is broken in ${MUTANTS.length} ways, one at a time, in a
copy: \`npm run soak -- mutation\` shows that each is noticed, and that nothing is noticed while all is whole.
Each mutant is tried by whoever notices it at the least expense; simulations try seeds from 1 on, 150 at most.
*After* is as measured once on two cores of which others had most: the seed where chance is involved, and seconds,
the start of the process included.

A change that removes a line which is broken here makes the architecture tests fail: the mutant has to find its new
one.

| it is noticed when | breaks | in | caught by | in these words | after |
|---|---|---|---|---|---|
`;

/** The first cells of a row: what does not depend on a run. */
export const cellsOf = ({ what, breaks, file, by }: Mutant): readonly string[] => [
  what,
  breaks,
  `\`${sourceOf(file)}\``,
  by.includes('.test.js') ? `\`${sourceOf(by)}\`` : `simulation: ${by}`,
];

const sourceOf = (path: string): string =>
  path
    .replace('/dist/', '/src/')
    .replace(/\.js(?=:|$)/, '.ts')
    .replaceAll('|', '/');

/** The page, with what a run has found. */
export const pageOf = (caught: ReadonlyMap<string, Catch>): string =>
  `${HEAD}${MUTANTS.map((mutant) => rowOf(mutant, caught.get(mutant.what))).join('\n')}\n`;

function rowOf(mutant: Mutant, found: Catch | undefined): string {
  const after = found && [...(found.seed === undefined ? [] : [`seed ${found.seed}`]), `${found.seconds.toFixed(1)} s`];
  const cells = [...cellsOf(mutant), plain(found?.words ?? 'not caught'), after?.join(', ') ?? ''];
  return `| ${cells.join(' | ')} |`;
}

/** Without the ids of one run, and without what would end a cell. */
const plain = (words: string): string => words.replaceAll('|', '/').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');
