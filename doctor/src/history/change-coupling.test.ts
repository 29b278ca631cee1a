import { deepStrictEqual, match } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
      for (const file of files) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        appendFileSync(join(root, file), `// ${at}\n`);
      }
      git('add', ...files);
      git('commit', '-q', '-m', `change ${at}`);
    }
    const system = readSystem(root);
    const history = await readHistory(system);
    const { findings } = diagnose({ system, history });
    return { history, findings: findings.filter(({ rule }) => rule === 'distributed-monolith') };
  });

test('services that change together are found, with the commits', async () => {
  const { history, findings } = await historyOf(
    [...Array(11).fill([ORDERS, CATALOG]), [ORDERS], ['README.md']].slice(0, 12),
  );
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
    history.couplings.map(({ together, either }) => [together, either]),
    [[1, 7]],
  );
  deepStrictEqual(findings, []);
});

const OTHERS = ['billing', 'shipping', 'stock'].map((name) => `services/${name}/index.js`);
const ALL = [ORDERS, CATALOG, ...OTHERS];

test('where every change goes through all services, they change together', async () => {
  const { findings } = await historyOf([...Array(10).fill(ALL), ...ALL.map((one) => [one])]);
  const coupled = findings.filter(({ what }) => /change together: 10 of 11 commits/.test(what));
  deepStrictEqual(coupled.length, 10, 'each pair of five services');
});

test('a sweep now and then through all services couples nobody', async () => {
  const alone = ALL.flatMap((one) => Array(3).fill([one]));
  const { history, findings } = await historyOf([...Array(11).fill(ALL), ...alone]);
  deepStrictEqual([history.commits, history.across, findings], [15, 0, []]);
});

test('changes that each go through another two services are told as a share of all', async () => {
  const pairs = ALL.flatMap((one, at) => ALL.slice(at + 1).map((other) => [one, other]));
  const { findings } = await historyOf([...pairs, ...ALL.map((one) => [one])]);
  deepStrictEqual(
    findings.map(({ what }) => what),
    ['10 of 15 commits that touch a service touch two or more'],
  );
  match(findings[0]!.evidence[0]!.text, /^commit [0-9a-f]{7,} change 9$/);
});

const unknownOf = async (root: string): Promise<string[]> => {
  const system = readSystem(root);
  const { unknown } = diagnose({ system, history: await readHistory(system) });
  return unknown.filter(({ subject }) => subject === 'the history').map(({ why }) => why);
};

test('a folder without commits, and a clone that is cut off, have not passed', async () => {
  await withMutant({ system: 'express-shop', edits: {} }, async (root) => {
    deepStrictEqual(await unknownOf(root), ['There are no commits of git: what changes together is not known.']);
    const git = (...args: string[]) => execFileSync('git', ['-C', root, ...AUTHOR, ...args], { stdio: 'pipe' });
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'begin');
    git('commit', '-q', '--allow-empty', '-m', 'go on');
    const clone = `${root}-shallow`;
    try {
      execFileSync('git', ['clone', '-q', '--depth', '1', `file://${root}`, clone], { stdio: 'pipe' });
      match((await unknownOf(clone))[0]!, /^Only one commit touches services: .* The clone is shallow: `git fetch/);
    } finally {
      rmSync(clone, { recursive: true, force: true });
    }
  });
});
