import { deepStrictEqual, match } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { readSystem } from './system.ts';

const BOMB = [
  'a: &a ["x", "x"]',
  ...[...'bcdefg'].map((key, at) => `${key}: &${key} [${`*${'abcdefg'[at]},`.repeat(9)}]`),
];

const HOSTILE: Readonly<Record<string, string>> = {
  'package.json': '{"workspaces":["services/*"]}',
  'services/orders/package.json': '{"name": broken',
  'services/orders/src/broken.js': 'const x = {{{;',
  'services/orders/src/binary.js': '\0\u0001\u0002\0',
  'services/orders/src/large.js': `/*${' '.repeat(1 << 20)}*/`,
  'services/orders/src/minified.js': 'var a=1;'.repeat(2_000),
  'services/orders/src/nested.js': `x=${'[\n'.repeat(20_000)}${']\n'.repeat(20_000)}`,
  'services/orders/src/nested.test.js': `x=${'[\n'.repeat(20_000)}${']\n'.repeat(20_000)}`,
  'docker-compose.yml': ': : :[',
  'bomb.yaml': BOMB.join('\n'),
  'tsconfig.json': '{',
};

test('what cannot be read is told, a line for each file, and nothing ends the run', () => {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-hostile-'));
  try {
    for (const [path, text] of Object.entries(HOSTILE)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    symlinkSync('..', join(root, 'services/orders/src/loop'));
    const system = readSystem(root);
    const told = Object.fromEntries(system.unknown.map(({ subject, why }) => [subject, why]));
    deepStrictEqual(
      Object.keys(told).sort(),
      Object.keys(HOSTILE)
        .filter((path) => !/^(package|tsconfig)\.json$|test\.js$/.test(path))
        .sort(),
    );
    match(told['services/orders/src/nested.js']!, /nested too deep/);
    match(told['services/orders/src/large.js']!, /larger than 1 MiB/);
    deepStrictEqual(system.testImports(), []);
    const { findings, scores } = diagnose({ system });
    deepStrictEqual(findings, []);
    deepStrictEqual(
      scores.filter(({ status }) => status === 'holds').map(({ item }) => item),
      [],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

/** What no tool would write, and a hand may. */
const ODD: Readonly<Record<string, string>> = {
  'package.json': 'null',
  'nest-cli.json': '{"projects":[null,{"root":5}]}',
  'tsconfig.json': 'null',
  'services/orders/package.json': '{"name":5,"dependencies":[1],"scripts":{"start":7},"workspaces":7,"main":{}}',
  'services/orders/index.js': 'export const a = 1;\n',
  'services/stock/package.json': '[]',
  'services/stock/index.js': 'export const a = 1;\n',
  'docker-compose.yml':
    'services:\n  a: null\n  b: []\n  c: {build: [], environment: 5, ports: {a: 1}, env_file: {}}\n',
  'compose.yaml': 'services: null\n',
  'pod.yaml': 'kind: Deployment\nmetadata: null\nspec: {template: {spec: {containers: [null, {env: [null]}]}}}\n',
  'ingress.yaml': 'kind: Ingress\nspec: {rules: [null, {http: {paths: [null]}}]}\n',
};

test('what is JSON or YAML, and not what it should be, is read as far as it goes', () => {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-odd-'));
  try {
    for (const [path, text] of Object.entries(ODD)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    mkdirSync(join(root, 'services/pay/package.json'), { recursive: true });
    writeFileSync(join(root, 'services/pay/index.js'), 'export const a = 1;\n');
    const system = readSystem(root);
    deepStrictEqual(system.services.map(({ name }) => name).sort(), ['orders', 'pay', 'stock']);
    diagnose({ system });
  } finally {
    rmSync(root, { recursive: true });
  }
});

const CIRCLES: Readonly<Record<string, string>> = {
  'values.js': `let all = { ...one, ...two };
const one = { ...two, get: () => all.missing() };
const two = { ...all, run: one.missing };
all = { ...all, ...all.missing };
all.missing(two.missing.missing());
module.exports = { ...require('./values'), all };
`,
  'types.ts': `interface Shape extends Shape { inner: Shape }
type Out = Promise<Out> | Readonly<In>;
type In = Partial<Out> & Required<In>;
const shape: Shape = { inner: shape.inner.inner, run(given: In): Out { return shape.inner.run(given); } };
const read = (given: Out): In => given.read().read();
class One extends Two { constructor(private readonly two: Two) { super(); } ask(): One { return this.two.ask(); } }
class Two extends One { ask = () => super.ask(); }
read(shape.run(new One().ask()));
`,
};

test('values, types and classes that are told by themselves end nowhere', () => {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-circles-'));
  try {
    for (const [path, text] of Object.entries(CIRCLES)) writeFileSync(join(root, path), text);
    const { findings } = diagnose({ system: readSystem(root) });
    deepStrictEqual(
      findings.filter(({ rule }) => rule !== 'tracing'),
      [],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('as files are read it is told how many', () => {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-read-'));
  try {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(root, `${name}.js`), `export const ${name} = 1;\n`);
    const told: number[][] = [];
    readSystem(root, {}, { onRead: (read, total) => told.push([read, total]) });
    deepStrictEqual(told, [
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
