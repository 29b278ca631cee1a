import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { root } from '../test-run.ts';

/** All that is read where a service is made. */
const COPIED = [
  'architecture.json',
  'biome.json',
  'cli/package.json',
  'cli/src/topology/shop-services.ts',
  'cli/tsconfig.json',
  'contracts/src',
  'deploy/compose/compose.yaml',
  'gateway/src/routes.ts',
  'package-lock.json',
  'packages/messaging/migrations',
  'tsconfig.json',
];

/** Programs in the place of the compiler and of what prints what is published. */
const PROGRAMS = {
  'node_modules/typescript/bin/tsc': '',
  'cli/dist/new-service/published.child.js': 'console.log("{}")',
};

const isLinked = (path: string): boolean => path.startsWith('node_modules/@');

export class Checkout {
  constructor(readonly root: string) {}

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Every file by its path, once. */
  all(): Map<string, string> {
    const entries = readdirSync(this.root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const paths = files.map((file) => file.slice(this.root.length + 1)).filter((path) => !isLinked(path));
    return new Map(paths.sort().map((path) => [path, this.read(path)]));
  }
}

/** As much of this repository as a new service touches; nothing is compiled in it. */
export function aCheckout(t: TestContext): Checkout {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-checkout-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const checkout = new Checkout(directory);
  for (const path of COPIED) cpSync(join(root, path), join(directory, path), { recursive: true });
  for (const [path, text] of Object.entries(PROGRAMS)) checkout.write(path, text);
  mkdirSync(join(directory, 'node_modules/@ashlar'));
  symlinkSync(join(root, 'node_modules/@biomejs'), join(directory, 'node_modules/@biomejs'));
  return checkout;
}
