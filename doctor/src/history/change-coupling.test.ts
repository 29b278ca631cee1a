import { deepStrictEqual, match } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';
import { readHistory } from './change-coupling.ts';

const ORDERS = 'services/orders/src/routes.js';
const CATALOG = 'services/catalog/src/index.js';
const AUTHOR = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];

/** A repository with one commit for each list of files. */
const historyOf = (commits: readonly (readonly string[])[]) =>
  withMutant({ system: 'express-shop', edits: {} }, async (root) => {
    const git = (...args: string[]) => execFileSync('git', ['-C', root, ...AUTHOR, ...args], { stdio: 'pipe' });
    git('init', '-q');
    for (const [at, files] of commits.entries()) {
      for (const file of files) appendFileSync(join(root, file), `// ${at}\n`);
      git('add', ...files);
      git('commit', '-q', '-m', `change ${at}`);
    }
    const system = readSystem(root);
    const history = await readHistory(system);
    return { history, findings: diagnose({ system, history }).findings };
  });

test('services that change together are found, with the commits', async (t) => {
  const { history, findings } = await historyOf(
    [...Array(11).fill([ORDERS, CATALOG]), [ORDERS], ['README.md']].slice(0, 12),
  );
  if (!history) return t.skip('there is no git');
  deepStrictEqual([history.commits, history.across], [12, 11]);
  const [finding] = findings;
  match(finding!.what, /catalog and orders change together: 11 of 11 commits/);
  match(finding!.evidence[0]!.text, /^commit [0-9a-f]{7,} change 10$/);
});

test('services that seldom change together are not coupled', async () => {
  const { history, findings } = await historyOf([
    ...Array(6).fill([ORDERS]),
    ...Array(6).fill([CATALOG]),
    [ORDERS, CATALOG],
  ]);
  deepStrictEqual(
    history?.couplings.map(({ together, either }) => [together, either]),
    [[1, 7]],
  );
  deepStrictEqual(findings, []);
});
