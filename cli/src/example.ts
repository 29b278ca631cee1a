import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onStop } from './parent.ts';
import { root, withDatabase } from './test-run.ts';

const HELP = `Usage: ashlar example PACKAGE

Runs the example of a package. If it needs PostgreSQL it gets a temporary database, or the one at DATABASE_URL; Redis
and NATS are expected at REDIS_URL and NATS_URL, on this machine by default.`;

/** The example of `simulation` is run by its test, under many seeds: npm test -- points. */
const OF_TESTS = 'packages/simulation/';

/** By the name of the package, from the root. */
const examples = new Map(
  globSync('packages/*/example/*.ts', { cwd: root })
    .filter((file) => !file.startsWith(OF_TESTS))
    .sort()
    .map((file) => [file.split('/')[1]!, file]),
);

/** Answers the exit code of the example. */
function run(file: string, environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [join(root, file)], {
    stdio: 'inherit',
    env: { REDIS_URL: 'redis://127.0.0.1:6379', NATS_URL: 'nats://127.0.0.1:4222', ...process.env, ...environment },
  });
  onStop(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 130)));
}

async function example([name, ...rest]: readonly string[]): Promise<number> {
  const there = `There are: ${[...examples.keys()].join(', ')}.`;
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(`${HELP}\n\n${there}`);
    return name === undefined ? 2 : 0;
  }
  const file = examples.get(name);
  if (file === undefined || rest.length > 0) {
    console.error(`ashlar: there is no example of ${[name, ...rest].join(' ')}. ${there}`);
    return 2;
  }
  const needsDatabase = readFileSync(join(root, file), 'utf8').includes('DATABASE_URL');
  return needsDatabase ? withDatabase((DATABASE_URL) => run(file, { DATABASE_URL })) : run(file, {});
}

process.exitCode = await example(process.argv.slice(2));
