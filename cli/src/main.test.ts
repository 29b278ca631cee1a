import { deepStrictEqual, match } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const ashlar = (...args: readonly string[]): Promise<Ended> =>
  new Promise((done) => {
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    execFile(process.execPath, [main, ...args], (error, out, err) =>
      done({ code: Number(error?.code ?? 0), out, err }),
    );
  });

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  for (const asked of ['version', '--version', '-v'])
    deepStrictEqual(await ashlar(asked), { code: 0, out: `${version}\n`, err: '' });
});

test('who asks for nothing is told what there is, and who asks for what there is not where to look', async () => {
  match((await ashlar()).out, /^Usage: ashlar COMMAND/);
  const { code, out, err } = await ashlar('frobnicate');
  deepStrictEqual([code, out], [2, '']);
  match(err, /There is no command frobnicate\. ashlar --help lists them\.\n$/);
});
