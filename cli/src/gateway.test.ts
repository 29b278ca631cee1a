import { rejects, strictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gateway } from './gateway.ts';
import { UsageError } from './settings.ts';

function aFile(t: TestContext, name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-gateway-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

const typed = (access: string): string => `
interface Listen { readonly port: number }
const listen: Listen = { port: 8080 };
const routes = [{ method: 'GET', path: '/x', upstream: 'a', access: '${access}' }];
export const config = { listen, routes, upstreams: { a: { replicas: ['http://127.0.0.1:3000'] } } };
`;

test('a configuration may be a TypeScript module, and its faults are told like those of JSON', async (t) => {
  strictEqual(await gateway(['check', aFile(t, 'right.ts', typed('public'))]), 0);
  const wrong = aFile(t, 'wrong.ts', typed('nobody'));
  await rejects(gateway(['check', wrong]), (error: UsageError) => error.faults.join().includes('/routes/0/access'));
  await rejects(gateway(['check', aFile(t, 'empty.ts', 'export const other = 1;')]), UsageError);
});

test('the configuration is that at GATEWAY_CONFIG where none is named', async (t) => {
  t.after(() => delete process.env['GATEWAY_CONFIG']);
  await rejects(gateway(['check']), (error: UsageError) => error.faults.join().includes('GATEWAY_CONFIG'));
  process.env['GATEWAY_CONFIG'] = aFile(t, 'right.ts', typed('public'));
  strictEqual(await gateway(['check']), 0);
  await rejects(gateway(['check', aFile(t, 'empty.ts', 'export const other = 1;')]), UsageError);
});
