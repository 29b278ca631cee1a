import { spawn } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Mutant } from './mutants.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const COPIED = ['packages', 'contracts', 'services', 'gateway', 'sandbox', 'cli', 'test'];
/** The cheapest first: most mutants do not get past it. */
const SIMULATIONS = ['mail-room', 'orchestration', 'choreography'];
const SEEDS = 150;
const SUITE_WITHIN_MS = 60_000;

/** What has caught a mutant, and by which words; nothing where it lives. */
export interface Catch {
  readonly by: string;
  readonly words: string;
}

/** A copy of everything that is compiled, in which one thing at a time is broken. The original stays as it is. */
export class BrokenCopy {
  readonly #path = mkdtempSync(join(tmpdir(), 'ashlar-mutants-'));

  constructor(private readonly databaseUrl: string) {
    for (const part of COPIED)
      cpSync(join(root, part), join(this.#path, part), {
        recursive: true,
        filter: (from) => !/[\\/](?:node_modules|src)$/.test(from),
      });
    const modules = join(this.#path, 'node_modules');
    mkdirSync(join(modules, '@ashlar'), { recursive: true });
    for (const name of readdirSync(join(root, 'node_modules')))
      if (name !== '@ashlar') symlinkSync(join(root, 'node_modules', name), join(modules, name));
    for (const file of globSync(
      COPIED.flatMap((part) => [`${part}/package.json`, `${part}/*/package.json`]),
      { cwd: this.#path },
    )) {
      const { name } = JSON.parse(readFileSync(join(this.#path, file), 'utf8')) as { name: string };
      symlinkSync(join(this.#path, file, '..'), join(modules, name));
    }
    writeFileSync(join(this.#path, 'package.json'), JSON.stringify({ type: 'module' }));
  }

  /** Breaks it, looks who notices, and mends it. Throws where the text to be broken is not there any more. */
  async catch({ file, find, put, suite }: Mutant): Promise<Catch | undefined> {
    const path = join(this.#path, file);
    const whole = readFileSync(path, 'utf8');
    if (!whole.includes(find)) throw new Error(`${file} does not say ${JSON.stringify(find)} any more.`);
    writeFileSync(
      path,
      whole.replace(find, () => put),
    );
    try {
      return suite === undefined ? await this.#bySimulation() : await this.#bySuite(suite);
    } finally {
      writeFileSync(path, whole);
    }
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }

  async #bySimulation(): Promise<Catch | undefined> {
    for (const name of SIMULATIONS) {
      const main = join(this.#path, 'test', 'dist', 'simulation', 'main.js');
      const { code, output } = await this.#node([main, name, '--seeds', String(SEEDS), '--from', '1', '--tersely']);
      if (code !== 0) return { by: `simulation: ${name}`, words: firstWords(output) };
    }
    return undefined;
  }

  async #bySuite(suite: string): Promise<Catch | undefined> {
    const files = globSync(suite, { cwd: this.#path });
    const { code, output } = await this.#node(['--test', `--test-timeout=${SUITE_WITHIN_MS}`, ...files]);
    if (code === 0) return undefined;
    return { by: 'tests on PostgreSQL', words: /✖ (?<title>.*?) \(/.exec(output)?.groups?.['title'] ?? 'a test fails' };
  }

  #node(args: readonly string[]): Promise<{ code: number; output: string }> {
    return new Promise((done, fail) => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const child = spawn(process.execPath, args, {
        cwd: this.#path,
        env: { ...env, TEST_DATABASE_URL: this.databaseUrl },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      child.once('error', fail);
      child.once('close', (code) => done({ code: code ?? 1, output }));
    });
  }
}

/** What a broken run says first. */
const firstWords = (output: string): string =>
  /^ {2}(?<words>\S.*)$/m.exec(output)?.groups?.['words'] ?? output.slice(-200);
