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
import type { Detector, Mutant } from './mutant.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const COPIED = ['packages', 'contracts', 'services', 'gateway', 'sandbox', 'cli', 'test'];
const SEEDS = 150;
const SEEDS_WITHIN_MS = 300_000;
/** Whole, no test takes half of it; a mutant that keeps one from ending is noticed by then. */
const TEST_WITHIN_MS = 60_000;
/** How long a test waits for what a mutant may keep from coming; whole, it waits as long as everywhere. */
const MUTANT_PATIENCE_MS = 20_000;
/** A mutant that is no program at all proves nothing, and neither does a simulation for which there was no time. */
const NO_PROOF = /SyntaxError|ReferenceError|There was no time/;

/** What has caught a mutant, by which words, and how soon; nothing where it lives. */
export interface Catch {
  readonly words: string;
  readonly seed: number | undefined;
  readonly seconds: number;
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
  async catch({ file, find, put, by }: Mutant): Promise<Catch | undefined> {
    const path = join(this.#path, file);
    const whole = readFileSync(path, 'utf8');
    if (!whole.includes(find)) throw new Error(`${file} does not say ${JSON.stringify(find)} any more.`);
    writeFileSync(
      path,
      whole.replace(find, () => put),
    );
    try {
      return await this.look(by, { TEST_PATIENCE_MS: String(MUTANT_PATIENCE_MS) });
    } finally {
      writeFileSync(path, whole);
    }
  }

  /** What a detector finds in the copy as it is. */
  async look(by: Detector, settings: Settings = {}): Promise<Catch | undefined> {
    const began = performance.now();
    const { code, output } = await (by.includes('.test.js') ? this.#test(by, settings) : this.#simulate(by));
    if (code === 0) return undefined;
    if (NO_PROOF.test(output)) throw new Error(output);
    const seed = /^Seed (?<seed>\d+) breaks/m.exec(output)?.groups?.['seed'];
    const seconds = (performance.now() - began) / 1_000;
    return { words: firstWords(output), seed: seed === undefined ? undefined : Number(seed), seconds };
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }

  #simulate(name: string): Promise<Ended> {
    const main = join(this.#path, 'test', 'dist', 'simulation', 'main.js');
    return this.#node([main, name, '--seeds', String(SEEDS), '--from', '1', '--workers', '1', '--tersely']);
  }

  #test(by: string, settings: Settings): Promise<Ended> {
    const [file = '', ...title] = by.split(':');
    const pattern = title.length > 0 ? [`--test-name-pattern=${title.join(':')}`] : [];
    return this.#node([...pattern, '--test-reporter=spec', join(this.#path, file)], settings);
  }

  /** The first failure is enough. */
  #node(args: readonly string[], settings: Settings = {}): Promise<Ended> {
    return new Promise((done, fail) => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const child = spawn(process.execPath, args, {
        cwd: this.#path,
        env: { ...env, ...settings, TEST_DATABASE_URL: this.databaseUrl },
      });
      let output = '';
      const hear = (chunk: Buffer) => {
        output += chunk;
        if (FAILED.test(output)) child.kill('SIGKILL');
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', hear);
      const isSimulation = args[0]?.endsWith('main.js') === true;
      const withinMs = isSimulation ? SEEDS_WITHIN_MS : TEST_WITHIN_MS;
      const late = setTimeout(() => {
        output += isSimulation ? '\n  There was no time.\n' : `\n  It does not end within ${withinMs / 1_000} s.\n`;
        child.kill('SIGKILL');
      }, withinMs);
      child.once('error', fail);
      child.once('close', (code) => {
        clearTimeout(late);
        done({ code: code ?? 1, output });
      });
    });
  }
}

type Settings = Readonly<Record<string, string>>;

interface Ended {
  readonly code: number;
  readonly output: string;
}

const FAILED = /^\s*✖ .*\)$/m;

/** What a broken run says first: the test that fails, or the invariant that is broken. */
const firstWords = (output: string): string =>
  /✖ (?<title>.*?) \(/.exec(output)?.groups?.['title'] ??
  /^ {2}(?<words>\S.*)$/m.exec(output)?.groups?.['words'] ??
  output.slice(-200);
