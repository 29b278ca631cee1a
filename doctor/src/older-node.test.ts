import { deepStrictEqual, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture } from './fixtures/mutation.fixtures.ts';

/** What Node 20 does not have yet, of all that has come since. */
const NEWER = `
  for (const type of [Map, Object]) delete type.groupBy;
  for (const name of ['union', 'intersection', 'difference', 'isSubsetOf']) delete Set.prototype[name];
  for (const name of ['map', 'filter', 'toArray', 'some', 'every', 'find', 'flatMap', 'take', 'drop'])
    delete Object.getPrototypeOf(Object.getPrototypeOf([].values()))[name];
  for (const name of ['withResolvers', 'try']) delete Promise[name];
  delete Array.fromAsync;
`;

test('given the Node of an older repository, when the package is called there, then it judges', () => {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const script = `${NEWER}
    const { diagnose, examine } = await import(${JSON.stringify(index)});
    const { findings, services } = diagnose(await examine({ path: ${JSON.stringify(fixture('nest-shop'))} }));
    console.log(JSON.stringify({ findings, services }));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  deepStrictEqual(JSON.parse(said), { findings: [], services: ['orders', 'payments', 'gateway'] });
});

const MISSING = new RegExp(
  String.raw`\b(Map|Object)\.groupBy\(|\bPromise\.(withResolvers|try)\(|\bArray\.fromAsync\(|` +
    String.raw`\.(values|keys|entries)\(\)\.(map|filter|flatMap|some|every|find|toArray|take|drop)\(`,
);

test('no file of the package calls what Node 20 does not have', () => {
  const dist = import.meta.dirname;
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?<!\.test)\.js$/.test(path),
  );
  ok(files.length > 100);
  deepStrictEqual(
    files.filter((path) => MISSING.test(readFileSync(join(dist, path), 'utf8'))),
    [],
  );
});
