import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { TestContext } from 'node:test';

const root = resolve(import.meta.dirname, '..', '..', '..');

const LEFT_OUT = /^(?:node_modules|\.git|\.ashlar.*)$/;
/** What is written there, or leads to packages of this repository, is not shared. */
const OWN_MODULES = new Set(['@ashlar', '.bin', '.package-lock.json', '.ashlar-installed']);

/** This checkout once more, installed and built, to be changed. */
export class CheckoutCopy {
  readonly path = mkdtempSync(join(tmpdir(), 'checkout-'));

  constructor(t: TestContext) {
    t.after(() => rmSync(this.path, { recursive: true }));
    const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    const filter = (from: string) => !LEFT_OUT.test(relative(root, from));
    cpSync(root, this.path, { ...options, filter });
    const modules = join(this.path, 'node_modules');
    mkdirSync(modules);
    for (const name of readdirSync(join(root, 'node_modules'))) {
      const [from, to] = [join(root, 'node_modules', name), join(modules, name)];
      if (OWN_MODULES.has(name)) cpSync(from, to, options);
      else if (name !== '.cache') symlinkSync(from, to);
    }
  }

  /** `ashlar` in this checkout, as npm runs it; answers what it says, and throws that where it fails. */
  ashlar(...args: readonly string[]): Promise<string> {
    return this.run(process.execPath, [join('cli', 'bin', 'ashlar.mjs'), ...args]);
  }

  async run(program: string, args: readonly string[]): Promise<string> {
    // A runner of tests inside of one would report to that, and not run.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(program, args, { cwd: this.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
    if (code !== 0) throw new Error(`${[program, ...args].join(' ')} ends with ${code}:\n${output}`);
    return output;
  }
}
