import { deepStrictEqual, ok } from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { diagnose, RULES, readSystem } from '@ashlar/doctor';
import { brokenImports } from './layer-rules.ts';
import { manifestWith, plant, tsconfigWith } from './planted.fixtures.ts';
import { type Repository, readRepository } from './repository.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const IMPORT_RULES = RULES.filter(({ id }) => id === 'layers' || id === 'boundaries');

/** By the rules of the doctor, with the architecture of this repository, and by those of its manifests. */
function broken(repository: Repository): string[] {
  const { findings } = diagnose({ system: readSystem(repository.root) }, IMPORT_RULES);
  const outward = findings.map(({ rule, evidence }) => `${rule} ${evidence[0]!.file}:${evidence[0]!.line}`);
  return [...brokenImports(repository).map(({ rule, at }) => `${rule} ${at}`), ...outward];
}

test('every import of this repository points inwards, and stays within what its package declares', () => {
  const repository = readRepository(root);
  for (const { folder } of repository.workspaces) {
    ok(
      repository.files.some(({ path }) => path.startsWith(`${folder}/`)),
      `${folder} has no files`,
    );
  }
  ok(repository.files.length > 300, `${repository.files.length} files`);
  deepStrictEqual(broken(repository), []);
});

test('a system in which every import goes where it may breaks no rule', (t) => {
  const repository = plant(t);
  deepStrictEqual([repository.files.length, broken(repository)], [11, []]);
});

interface Plant {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly found: readonly string[];
}

const DOMAIN = 'services/order/src/domain/order.ts';
const APPLICATION = 'services/order/src/application/create-order.ts';
const CONTROLLER = 'services/order/src/interface/order.controller.ts';

const PLANTS: readonly Plant[] = [
  {
    title: 'the domain imports the application',
    files: { [DOMAIN]: `export const a = 1;\nimport '../application/create-order.ts';\n` },
    found: [`layers ${DOMAIN}:2`],
  },
  {
    title: 'the domain imports a type of the infrastructure',
    files: { [DOMAIN]: `import type { A } from '../infrastructure/orders.ts';\nexport type B = A;\n` },
    found: [`layers ${DOMAIN}:1`],
  },
  {
    title: 'the domain hands on what the application exports',
    files: { [DOMAIN]: `\n\nexport * from '../application/create-order.ts';\n` },
    found: [`layers ${DOMAIN}:3`],
  },
  {
    title: 'the application loads the infrastructure later',
    files: { [APPLICATION]: `export const later = () => import('../infrastructure/orders.ts');\n` },
    found: [`layers ${APPLICATION}:1`],
  },
  {
    title: 'the application names a type of the interface',
    files: { [APPLICATION]: `\nexport type A = import('../interface/order.controller.ts').A;\n` },
    found: [`layers ${APPLICATION}:2`],
  },
  {
    title: 'a controller imports a repository',
    files: { [CONTROLLER]: `import '../infrastructure/orders.ts';\n` },
    found: [`layers ${CONTROLLER}:1`],
  },
  {
    title: 'a repository requires a controller',
    files: { 'services/order/src/infrastructure/orders.ts': `require('../interface/order.controller.ts');\n` },
    found: ['layers services/order/src/infrastructure/orders.ts:1'],
  },
  {
    title: 'a controller imports the composition root',
    files: { [CONTROLLER]: `import '../platform/main.ts';\n` },
    found: [`layers ${CONTROLLER}:1`],
  },
  {
    title: 'a test of the domain imports the infrastructure',
    files: { 'services/order/src/domain/order.test.ts': `import '../infrastructure/orders.ts';\n` },
    found: ['layers services/order/src/domain/order.test.ts:1'],
  },
  {
    title: 'the domain imports a module of Node',
    files: { [DOMAIN]: `import { randomUUID } from 'crypto';\nexport { randomUUID };\n` },
    found: [`layers ${DOMAIN}:1`],
  },
  {
    title: 'the domain imports a contract',
    files: { [DOMAIN]: `import '@ashlar/contracts/order';\n` },
    found: [`layers ${DOMAIN}:1`],
  },
  {
    title: 'the application sends a message by itself',
    files: { [APPLICATION]: `import { sentAt } from '@ashlar/messaging';\nexport { sentAt };\n` },
    found: [`layers ${APPLICATION}:1`],
  },
  {
    title: 'a contract imports a package that is not about messages',
    files: {
      'contracts/src/order.ts': `import '@ashlar/domain';\n`,
      'contracts/package.json': manifestWith('contracts', '@ashlar/domain'),
      'contracts/tsconfig.json': tsconfigWith('contracts', 'packages/domain'),
    },
    found: ['contracts contracts/src/order.ts:1'],
  },
  {
    title: 'a service imports another one by its name',
    files: {
      [CONTROLLER]: `import '@ashlar/payment-service';\n`,
      'services/payment/src/index.ts': '',
      'services/order/package.json': manifestWith('services/order', '@ashlar/payment-service'),
      'services/order/tsconfig.json': tsconfigWith('services/order', 'services/payment'),
    },
    found: [`boundaries ${CONTROLLER}:1`],
  },
  {
    title: 'a service reaches into the folder of another one',
    files: { [CONTROLLER]: `import '../../../payment/src/domain/payment.ts';\n` },
    found: [`boundaries ${CONTROLLER}:1`],
  },
  {
    title: 'a package imports a contract',
    files: {
      'packages/saga/src/index.ts': `import '@ashlar/contracts/order';\n`,
      'packages/saga/package.json': manifestWith('packages/saga', '@ashlar/contracts'),
      'packages/saga/tsconfig.json': tsconfigWith('packages/saga', 'contracts'),
    },
    found: ['boundaries packages/saga/src/index.ts:1'],
  },
  {
    title: 'a package depends on one that depends on it',
    files: { 'packages/domain/package.json': manifestWith('packages/domain', '@ashlar/saga') },
    found: ['acyclic packages/domain/package.json:1'],
  },
  {
    title: 'an import is not declared',
    files: { 'packages/saga/src/index.ts': `import '@ashlar/domain';\n` },
    found: ['declared packages/saga/src/index.ts:1'],
  },
  {
    title: 'an import is declared, but the compiler is not told',
    files: {
      'packages/saga/src/index.ts': `import '@ashlar/domain';\n`,
      'packages/saga/package.json': manifestWith('packages/saga', '@ashlar/domain'),
    },
    found: ['declared packages/saga/src/index.ts:1'],
  },
  {
    title: 'an import leads nowhere',
    files: { [CONTROLLER]: `import './gone.ts';\n` },
    found: [`resolves ${CONTROLLER}:1`],
  },
];

for (const { title, files, found } of PLANTS) {
  test(`it is found, with file and line, that ${title}`, (t) => {
    deepStrictEqual(broken(plant(t, files)), found);
  });
}
