import { strictEqual } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const { isInstalled } = await import(new URL('../bin/installation.mjs', import.meta.url).href);

const LOCKED = {
  '': { optionalDependencies: { 'for-us': '1', 'for-others': '1' } },
  'node_modules/for-all': { version: '1.0.0', integrity: 'a' },
  'node_modules/for-us': { version: '1.0.0', integrity: 'b', optional: true },
  'node_modules/for-others': { version: '1.0.0', optional: true, cpu: ['none'], dependencies: { part: '1' } },
  'node_modules/part': { version: '1.0.0', optional: true, dependencies: { 'part-of-part': '1' } },
  'node_modules/part-of-part': { version: '1.0.0', optional: true },
};

/** A checkout with these packages in it, and this lockfile. */
function aCheckout(t: TestContext, found: readonly (keyof typeof LOCKED)[], locked: object = LOCKED): string {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-checkout-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const path of ['node_modules', ...found]) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: locked }));
  const packages = Object.fromEntries(found.map((path) => [path, LOCKED[path]]));
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  return root;
}

test('what npm has installed is not installed again, though it leaves out what is for other platforms', (t) => {
  const root = aCheckout(t, ['node_modules/for-all', 'node_modules/for-us']);
  for (const _ of [1, 2]) strictEqual(isInstalled(root), true);
});

test('what is missing, or of another version, is installed', (t) => {
  strictEqual(isInstalled(aCheckout(t, ['node_modules/for-us'])), false);
  strictEqual(isInstalled(aCheckout(t, ['node_modules/for-all'])), false);
  const newer = { ...LOCKED, 'node_modules/for-all': { version: '2.0.0', integrity: 'c' } };
  strictEqual(isInstalled(aCheckout(t, ['node_modules/for-all', 'node_modules/for-us'], newer)), false);
});

test('an optional package that something here needs is missed as well', (t) => {
  const needed = {
    ...LOCKED,
    'node_modules/for-all': { ...LOCKED['node_modules/for-all'], dependencies: { part: '1' } },
  };
  strictEqual(isInstalled(aCheckout(t, ['node_modules/for-all', 'node_modules/for-us'], needed)), false);
});
