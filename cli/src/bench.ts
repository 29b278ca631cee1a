import { spawn } from 'node:child_process';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { onStop } from './parent.ts';
import { root } from './test-run.ts';

const HELP = `Usage: ashlar bench [names…] [options]

Measures our claims beside the peers, on the same machine, and prints the tables: all, or those named.

  --write   saves the tables in bench/results, under today's date
  --quick   only verifies that everything runs: the figures mean nothing`;

const claims = globSync('bench/src/*.bench.ts', { cwd: root })
  .map((file) => basename(file, '.bench.ts'))
  .sort();

/** `ashlar bench`: one claim after another, each in a process of its own; answers the exit code. */
async function bench(args: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = { write: flag, quick: flag, help: { ...flag, short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help) {
    console.log(`${HELP}\n\nThere are: ${claims.join(', ')}.`);
    return 0;
  }
  const unknown = positionals.filter((name) => !claims.includes(name));
  if (unknown.length > 0) {
    console.error(`ashlar: there is no figure ${unknown.join(', ')}: there are ${claims.join(', ')}.`);
    return 2;
  }
  const reports: string[] = [];
  for (const claim of positionals.length > 0 ? positionals : claims) {
    const report = await measure(claim, values.quick ? ['--quick'] : []);
    if (report === undefined) return 1;
    reports.push(report);
  }
  if (values.write) write(reports);
  return 0;
}

/** Its tables; undefined when it failed, and has said why. */
async function measure(claim: string, options: readonly string[]): Promise<string | undefined> {
  const began = performance.now();
  console.error(`${claim} …`);
  const child = spawn(process.execPath, [join(root, 'bench', 'dist', `${claim}.bench.js`), ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  ending = () => child.kill('SIGTERM');
  const ended = new Promise<number | null>((done, fail) => child.once('error', fail).once('exit', done));
  const [report, code] = await Promise.all([text(child.stdout!), ended]);
  console.error(`${code === 0 ? '✔' : '✖'} ${claim} (${((performance.now() - began) / 1_000).toFixed(0)} s)`);
  if (code !== 0) return undefined;
  console.log(report);
  return report;
}

function write(reports: readonly string[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const file = join('bench', 'results', `${date}.md`);
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(join(root, file), `# Figures of ${date}\n\n${reports.join('\n').trim()}\n`);
  console.error(`Written to ${file}.`);
}

let ending = (): unknown => process.exit(130);
onStop(() => ending());

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(`ashlar: ${(error as Error).message}`);
  process.exitCode = 2;
}
process.exit();
