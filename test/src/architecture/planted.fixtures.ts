import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { type Repository, readRepository } from './repository.ts';

interface Planted {
  readonly name: string;
  readonly dependencies?: readonly string[];
  readonly exports?: string;
}

/** A small system in which every import goes where it may. */
const WORKSPACES: Readonly<Record<string, Planted>> = {
  'packages/domain': { name: '@ashlar/domain' },
  'packages/messaging': { name: '@ashlar/messaging', dependencies: ['@ashlar/domain'] },
  'packages/saga': { name: '@ashlar/saga', dependencies: ['@ashlar/messaging'] },
  contracts: { name: '@ashlar/contracts', dependencies: ['@ashlar/messaging'], exports: './*' },
  'services/order': {
    name: '@ashlar/order-service',
    dependencies: ['@ashlar/domain', '@ashlar/messaging', '@ashlar/saga', '@ashlar/contracts'],
  },
  'services/payment': { name: '@ashlar/payment-service' },
};

const SOURCES: Readonly<Record<string, string>> = {
  'packages/domain/src/index.ts': `export const now = () => new Date(0);\n`,
  'packages/messaging/src/index.ts': `import { now } from '@ashlar/domain';\nexport const sentAt = now;\n`,
  'packages/saga/src/index.ts': `export { sentAt } from '@ashlar/messaging';\n`,
  'contracts/src/order.ts': `export { sentAt as OrderCreated } from '@ashlar/messaging';\n`,
  'services/order/src/domain/order.ts': `export { now } from '@ashlar/domain';\n`,
  'services/order/src/domain/order.test.ts': `import 'node:test';\nimport './order.ts';\n`,
  'services/order/src/application/create-order.ts': `import { now } from '../domain/order.ts';
import type { sentAt } from '@ashlar/messaging';
import { OrderCreated } from '@ashlar/contracts/order';
export type Sent = typeof sentAt;
export const created = [now, OrderCreated];
`,
  'services/order/src/infrastructure/orders.ts': `import '../application/create-order.ts';\nimport 'node:fs';\n`,
  'services/order/src/interface/order.controller.ts': `import '../application/create-order.ts';\n`,
  'services/order/src/platform/main.ts': `import '../infrastructure/orders.ts';\nexport const at = Date.now();\n`,
  'services/payment/src/domain/payment.ts': `export const payment = {};\n`,
};

/** Writes the small system into a folder of its own, with other or further files where a test names some. */
export function plant(t: TestContext, files: Readonly<Record<string, string>> = {}): Repository {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-planted-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('package.json', JSON.stringify({ name: 'planted', workspaces: ['packages/*', 'contracts', 'services/*'] }));
  copyFileSync(resolve(import.meta.dirname, '..', '..', '..', 'architecture.json'), join(root, 'architecture.json'));
  mkdirSync(join(root, 'node_modules', '@ashlar'), { recursive: true });
  for (const [folder, planted] of Object.entries(WORKSPACES)) {
    write(`${folder}/package.json`, manifestOf(planted));
    write(`${folder}/tsconfig.json`, JSON.stringify({ references: referencesOf(planted) }));
    symlinkSync(join(root, folder), join(root, 'node_modules', planted.name));
  }
  for (const [path, text] of Object.entries({ ...SOURCES, ...files })) {
    write(path, text);
    if (path.endsWith('.ts')) write(path.replace('/src/', '/dist/').replace(/\.ts$/, '.js'), '');
  }
  return readRepository(root);
}

/** The manifest of one of the planted packages, with more dependencies than it has. */
export function manifestWith(folder: string, ...more: readonly string[]): string {
  const planted = WORKSPACES[folder]!;
  return manifestOf({ ...planted, dependencies: [...(planted.dependencies ?? []), ...more] });
}

/** Its tsconfig, with more references than it has. */
export function tsconfigWith(folder: string, ...more: readonly string[]): string {
  const planted = WORKSPACES[folder]!;
  return JSON.stringify({ references: [...referencesOf(planted), ...more.map((path) => ({ path: `/${path}` }))] });
}

function manifestOf({ name, dependencies = [], exports = '.' }: Planted): string {
  const index = exports === '.' ? 'index' : '*';
  return JSON.stringify({
    name,
    exports: { [exports]: { default: `./dist/${index}.js` } },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '0.1.0'])),
  });
}

const referencesOf = ({ dependencies = [] }: Planted) =>
  dependencies.map((name) => ({
    path: `/${Object.keys(WORKSPACES).find((folder) => WORKSPACES[folder]!.name === name)}`,
  }));
