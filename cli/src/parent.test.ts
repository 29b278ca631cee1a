import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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
