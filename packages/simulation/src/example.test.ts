import { match, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const example = fileURLToPath(new URL('../example/bonus-points.ts', import.meta.url));

async function run(env: NodeJS.ProcessEnv): Promise<string> {
  const { SEED: _, FAULTS: __, ...clean } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [example], { env: { ...clean, ...env } });
  return stdout;
}

test('the example runs; its planted bug is found, shortened to few faults, and seen again by the command', async () => {
  const found = await run({});
  match(found, /^50 runs, with crashes: all points are right\.$/m);
  match(found, /^[1-5] of its \d+ faults are enough for:$/m);
  const [, SEED, FAULTS] =
    /^Again: SEED=(\d+) FAULTS=([\d,]+) node packages\/simulation\/example\/bonus-points\.ts$/m.exec(found)!;
  const again = await run({ ...(SEED && { SEED }), ...(FAULTS && { FAULTS }) });
  match(again, /^(\d) of its \1 faults are enough for:$/m);
  strictEqual(again.split('\n').at(-2), found.split('\n').at(-2));
  match(await run({ ...(SEED && { SEED }), FAULTS: 'none' }), /^50 runs, without a crash: all points are right\.\n$/);
});
