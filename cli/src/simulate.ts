import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './test-run.ts';

const main = join(root, 'test', 'dist', 'simulation', 'main.js');
process.exitCode = spawnSync(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1;
