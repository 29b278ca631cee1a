import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';

/**
 * A program under the launcher's channel that says "up", then each reason to stop that it hears, and ends when told to.
 */
async function aProgram(t: TestContext) {
  const module = JSON.stringify(new URL('./parent.js', import.meta.url).href);
  const source = `import { onStop } from ${module};
    onStop((reason) => { console.log(reason); setTimeout(() => process.exit(0), 200); });
    setInterval(() => {}, 1000);
    console.log('up');`;
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  const said: string[] = [];
  const lines = createInterface(child.stdout!);
  lines.on('line', (line) => said.push(line));
  await once(lines, 'line');
  const ended = async () => {
    const [[code]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    return { said: said.slice(1), code };
  };
  return { child, ended };
}

test('a Ctrl-C that comes from the terminal, from npm and from the launcher is one', async (t) => {
  const { child, ended } = await aProgram(t);
  child.kill('SIGINT');
  child.send({ stop: 'SIGINT' });
  child.kill('SIGINT');
  deepStrictEqual(await ended(), { said: ['SIGINT'], code: 0 });
});

test('what the launcher alone has heard reaches the program by its channel', async (t) => {
  const { child, ended } = await aProgram(t);
  child.send({ stop: 'SIGHUP' });
  deepStrictEqual(await ended(), { said: ['SIGHUP'], code: 0 });
});

test('a program drains when its launcher is gone without a word', async (t) => {
  const { child, ended } = await aProgram(t);
  child.disconnect();
  deepStrictEqual(await ended(), { said: ['parent gone'], code: 0 });
});

test('a channel keeps no program alive that has nothing left to do', async (t) => {
  const module = JSON.stringify(new URL('./parent.js', import.meta.url).href);
  const source = `import { onStop } from ${module}; onStop(() => {});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [code] = await once(child, 'exit');
  strictEqual(code, 0);
});

/** npm stands before a program that takes its time to end, as it stands before the launcher in `npm start`. */
async function npmStart(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-npm-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const { scripts } = createRequire(import.meta.url)('../../package.json') as { scripts: { start: string } };
  const source = `for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => setTimeout(() => { console.log('drained'); process.exit(0); }, 200));
  setInterval(() => {}, 1000);
  console.log('up');`;
  mkdirSync(join(directory, 'cli', 'bin'), { recursive: true });
  writeFileSync(join(directory, 'cli', 'bin', 'ashlar.mjs'), source);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ scripts }));
  const npm = spawn('npm', ['start', '--silent'], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => {
    try {
      process.kill(-npm.pid!, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  });
  const said: string[] = [];
  const lines = createInterface(npm.stdout);
  lines.on('line', (line) => said.push(line));
  await once(lines, 'line');
  const ended = async () => {
    const signal = AbortSignal.timeout(20_000);
    const [[code]] = await Promise.all([once(npm, 'exit', { signal }), once(lines, 'close', { signal })]);
    return { said, code };
  };
  return { npm, ended };
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`npm start that is sent ${signal} waits for the system to drain, and ends with its exit code`, async (t) => {
    const { npm, ended } = await npmStart(t);
    npm.kill(signal);
    deepStrictEqual(await ended(), { said: ['up', 'drained'], code: 0 });
  });
}
