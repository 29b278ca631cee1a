import { deepStrictEqual, ok } from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { plant } from './planted.fixtures.ts';
import { readRepository } from './repository.ts';
import { untidy } from './tidy-rules.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const lines = (count: number, line = ''): string => `${line}\n`.repeat(count);

test('this repository keeps the house numbers', () => {
  const repository = readRepository(root);
  ok(repository.files.length > 300, `${repository.files.length} files`);
  deepStrictEqual(
    untidy(repository).map(({ rule, at, what }) => `${rule} ${at}: ${what}`),
    [],
  );
});

const SERVICE = 'services/order/src/application/create-order.ts';
const PACKAGE = 'packages/messaging/src/index.ts';

interface Sample {
  readonly title: string;
  readonly path: string;
  readonly text: string;
}

const UNTIDY: readonly (Sample & { readonly found: readonly string[] })[] = [
  { title: 'a line is too long', path: SERVICE, text: `\n//${'x'.repeat(119)}\n`, found: ['long-line :2'] },
  { title: 'a file of a service is too long', path: SERVICE, text: lines(201), found: ['long-file :201'] },
  { title: 'a file of a package is too long', path: PACKAGE, text: lines(301), found: ['long-file :301'] },
  {
    title: 'a function is too long',
    path: PACKAGE,
    text: `\nexport function f() {\n${lines(49)}}\n`,
    found: ['long-function :2'],
  },
  {
    title: 'a method is too long',
    path: PACKAGE,
    text: `export class A {\n  f() {\n${lines(49)}  }\n}\n`,
    found: ['long-function :2'],
  },
  {
    title: 'an arrow function is too long',
    path: PACKAGE,
    text: `export const f = () => {\n${lines(49)}};\n`,
    found: ['long-function :1'],
  },
  {
    title: 'a function has four parameters',
    path: PACKAGE,
    text: `export const f = (a, b, c, d) => [a, b, c, d];\n`,
    found: ['many-parameters :1'],
  },
  {
    title: 'a constructor keeps six things',
    path: PACKAGE,
    text: `export class A {\n  constructor(private a, private b, private c, private d, private e, private f) {}\n}\n`,
    found: ['many-parameters :2'],
  },
  {
    title: 'a constructor without properties has four parameters',
    path: PACKAGE,
    text: `export class A {\n  constructor(a, b, c, d) {}\n}\n`,
    found: ['many-parameters :2'],
  },
  {
    title: 'blocks are nested too deeply',
    path: PACKAGE,
    text: `for (;;) {\n  if (a) {\n    try {\n      while (b) c();\n    } catch {}\n  }\n}\n`,
    found: ['deep-nesting :4'],
  },
  { title: 'there is a default export', path: PACKAGE, text: `export default 1;\n`, found: ['default-export :1'] },
  {
    title: 'there is a default export by another name',
    path: PACKAGE,
    text: `const a = 1;\nexport { a as default };\n`,
    found: ['default-export :2'],
  },
  { title: 'a class is called a manager', path: PACKAGE, text: `class OrderManager {}\n`, found: ['empty-name :1'] },
  { title: 'a type is called a base', path: PACKAGE, text: `\ntype BaseEvent = 1;\n`, found: ['empty-name :2'] },
  {
    title: 'a function is called a helper',
    path: PACKAGE,
    text: `function testHelper() {}\n`,
    found: ['empty-name :1'],
  },
  {
    title: 'a constant is called shared',
    path: PACKAGE,
    text: `export const SHARED_IDS = 1;\n`,
    found: ['empty-name :1'],
  },
  {
    title: 'a file is called utils',
    path: 'packages/messaging/src/string-utils.ts',
    text: '',
    found: ['empty-name :1'],
  },
  {
    title: 'a folder is called common',
    path: 'services/order/src/domain/common/money.ts',
    text: '',
    found: ['empty-name :1'],
  },
  { title: 'something is left to do', path: PACKAGE, text: `const a = 1;\n/* TODO later */\n`, found: ['open-end :2'] },
  { title: 'something is left to mend', path: PACKAGE, text: `const a = 1; // FIXME\n`, found: ['open-end :1'] },
  {
    title: 'a use case asks the system for the time',
    path: SERVICE,
    text: `export const at = [new Date(), Date.now(), performance.now()];\n`,
    found: ['unpredictable :1', 'unpredictable :1', 'unpredictable :1'],
  },
  {
    title: 'a use case rolls dice',
    path: SERVICE,
    text: `export const a = Math.random();\nexport const b = crypto.randomUUID();\n`,
    found: ['unpredictable :1', 'unpredictable :2'],
  },
  { title: 'a use case reads the environment', path: SERVICE, text: `process.env.A;\n`, found: ['unpredictable :1'] },
  {
    title: 'a package waits by itself',
    path: PACKAGE,
    text: `setTimeout(() => {}, 1);\n`,
    found: ['unpredictable :1'],
  },
  {
    title: 'a package imports timers under another name',
    path: PACKAGE,
    text: `import { setTimeout as pause } from 'node:timers/promises';\nawait pause(1);\n`,
    found: ['unpredictable :1', 'unpredictable :1'],
  },
];

for (const { title, path, text, found } of UNTIDY) {
  test(`it is found, with file and line, that ${title}`, (t) => {
    const expected = found.map((finding) => finding.replace(' :', ` ${path}:`));
    deepStrictEqual(
      untidy(plant(t, { [path]: text })).map(({ rule, at }) => `${rule} ${at}`),
      expected,
    );
  });
}

const TIDY: readonly Sample[] = [
  { title: 'a line of 120 columns', path: SERVICE, text: `//${'é'.repeat(118)}\n` },
  { title: 'a file of a package with 300 lines', path: PACKAGE, text: lines(300) },
  { title: 'a function of 50 lines', path: PACKAGE, text: `export function f() {\n${lines(48)}}\n` },
  {
    title: 'a constructor that keeps five things',
    path: PACKAGE,
    text: `export class A {\n  constructor(private a, private b, private c, private d, private e) {}\n}\n`,
  },
  {
    title: 'a long chain of conditions',
    path: PACKAGE,
    text: `if (a) b();\nelse if (c) d();\nelse if (e) f();\nelse if (g) h();\nelse if (i) j();\n`,
  },
  {
    title: 'three levels in a function inside of three levels',
    path: PACKAGE,
    text: `for (;;) if (a) while (b) run(() => {\n  for (;;) if (c) while (d) e();\n});\n`,
  },
  { title: 'a database and its name', path: PACKAGE, text: `export class Database {}\nexport const baseline = 1;\n` },
  { title: 'a parameter called baseMs', path: PACKAGE, text: `export const f = (baseMs: number) => baseMs;\n` },
  { title: 'a word in a text', path: PACKAGE, text: `export const a = 'TODO';\n` },
  { title: 'a time that is given', path: SERVICE, text: `export const at = new Date(0);\n` },
  { title: 'the clock itself', path: 'packages/domain/src/clock.ts', text: `export const now = () => new Date();\n` },
  { title: 'the platform of a service', path: 'services/order/src/platform/main.ts', text: `process.env.A;\n` },
  { title: 'a test that makes ids', path: 'services/order/src/domain/order.test.ts', text: `crypto.randomUUID();\n` },
];

for (const { title, path, text } of TIDY) {
  test(`nothing is wrong with ${title}`, (t) => deepStrictEqual(untidy(plant(t, { [path]: text })), []));
}
