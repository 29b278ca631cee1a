import { deepStrictEqual, match, rejects } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { examine } from '../examine.ts';
import { readSystem } from './system.ts';

const SERVED =
  "const app = require('express')();\napp.get('/things', (_, answer) => answer.json([]));\napp.listen(80);\n";

function written(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-wrong-calls-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** What is said of a repository of these files; it is gone afterwards. */
function inRepository<T>(files: Readonly<Record<string, string>>, look: (root: string) => T): T {
  const root = written(files);
  try {
    return look(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const SERVICE = { 'services/a/package.json': '{ "name": "a" }', 'services/a/src/index.js': SERVED };

/** What is said of a service with this architecture file. */
async function refused(architecture: unknown, fault: RegExp): Promise<void> {
  const root = written({ ...SERVICE, 'architecture.json': JSON.stringify(architecture) });
  await rejects(examine({ path: root, history: false }), fault).finally(() => rmSync(root, { recursive: true }));
}

test('an architecture file that names what is not there is refused, and not passed', async () => {
  const services = ['services/*'];
  await refused({ services: ['service/*'] }, /Error: architecture\.json: services: no source lies at service\/\*$/);
  await refused({ services: [...services, 'apps/web'] }, /no source lies at apps\/web/);
  await refused({ services, gateway: 'gatway' }, /architecture\.json: gateway: no source lies at gatway/);
  await refused({}, /architecture\.json: it names no service/);
  const layers = { domain: { imports: ['aplication'] }, application: { imports: ['domain'] } };
  await refused({ services, layers }, /layers\.domain\.imports: there is no layer aplication/);
  await refused({ services, thresholds: [] }, /thresholds must be an object/);
  await refused({ services, layers: [] }, /layers must be an object/);
  const accepted = [{ rule: 'circuit-breaker', path: 'services', reason: 'so' }];
  await refused({ services, accepted }, /architecture\.json: accepted\[0\]: there is no rule circuit-breaker;/);
});

test('a mark of the byte order is no part of a manifest', () => {
  const marked = { ...SERVICE, 'architecture.json': '\uFEFF{ "services": ["services/*"] }' };
  deepStrictEqual(
    inRepository(marked, readSystem).services.map(({ name }) => name),
    ['a'],
  );
  const { unknown } = inRepository({ ...SERVICE, 'services/a/package.json': '\uFEFF{ "name": "a" }' }, readSystem);
  deepStrictEqual(unknown, []);
});

test('a library that answers and asks nobody is in no trace, and need not be', () => {
  const files = { 'package.json': '{ "name": "lib" }', 'index.js': 'export const double = (n) => 2 * n;\n' };
  const { findings, unknown } = inRepository(files, (root) => diagnose({ system: readSystem(root) }));
  deepStrictEqual(findings, []);
  match(unknown.find(({ rule }) => rule === 'tracing')!.why, /answers and asks nobody/);
});
