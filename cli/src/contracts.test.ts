import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Baseline } from './contracts/baseline.ts';
import { describeSystem } from './contracts/describe-system.ts';
import { contracts } from './contracts.ts';

const services = await describeSystem();
const describe = async () => services;
const count = 2 * services.length;

/** A directory of its own for the records, and the command that works on it. */
function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-baseline-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const run = async (...args: readonly string[]) => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const mocks = [t.mock.method(console, 'log', write), t.mock.method(console, 'error', write)];
    try {
      return { code: await contracts(args, { baseline: new Baseline(directory), describe }), text: lines.join('\n') };
    } finally {
      for (const mock of mocks) mock.mock.restore();
    }
  };
  const file = (name: string) => join(directory, `${name}.json`);
  const edit = (name: string, change: (text: string) => string) => {
    const text = readFileSync(file(name), 'utf8');
    const changed = change(text);
    ok(changed !== text, `nothing was changed in ${name}`);
    writeFileSync(file(name), changed);
  };
  return { directory, run, edit, file };
}

test('what was published is recorded, kept, and told when it is broken', async (t) => {
  const { directory, run, edit } = setUp(t);
  const first = await run('record');
  strictEqual(first.code, 1);
  match(first.text, /order\.asyncapi: there is no record/);
  deepStrictEqual(readdirSync(directory), []);

  strictEqual((await run('record', '--accept-breaking')).code, 0);
  strictEqual(readdirSync(directory).length, count);
  const kept = await run('check');
  deepStrictEqual(kept, { code: 0, text: `${count} documents keep what was published.` });

  const carrier = '"reason": { "type": "string" },';
  edit('order.asyncapi', (text) => text.replace(carrier, `${carrier} "refund": { "type": "string" },`));
  const broken = await run('check');
  strictEqual(broken.code, 1);
  match(broken.text, /✖ order\.Order\w+\.v1\/data\/refund: field removed/);
  match(broken.text, /was \{"type":"string"\}\n\s+is {2}not there\n\s+Whoever reads this field/);
  const refused = await run('record');
  strictEqual(refused.code, 1);
  match(refused.text, /Nothing is recorded: 1 changes/);
  strictEqual((await run('check')).code, 1);
  strictEqual((await run('record', '--accept-breaking')).code, 0);
  strictEqual((await run('check')).code, 0);
});

test('a new optional field passes, and is recorded without a word more', async (t) => {
  const { run, edit } = setUp(t);
  await run('record', '--accept-breaking');
  edit('order.openapi', (text) => text.replace('"shipmentId": {', '"parcelId": {'));
  match((await run('check')).text, /Order\/parcelId|parcelId: field removed/);
  edit('order.openapi', (text) => text.replace(/ *"parcelId": \{[\s\S]*?"type": "string"\s*\},\n/, ''));
  const passed = await run('check');
  strictEqual(passed.code, 0);
  match(passed.text, /shipmentId: optional field added/);
  match(passed.text, /Not recorded yet: order\.openapi\./);
  strictEqual((await run('record')).code, 0);
  strictEqual((await run('check')).text, `${count} documents keep what was published.`);
});

test('a record that is taken away is missed, and one of nobody is told', async (t) => {
  const { run, file } = setUp(t);
  await run('record', '--accept-breaking');
  rmSync(file('user.openapi'));
  writeFileSync(file('refund.openapi'), '{}');
  const checked = await run('check');
  strictEqual(checked.code, 1);
  match(checked.text, /user\.openapi: there is no record of it/);
  match(checked.text, /refund\.openapi: it is recorded, and no service says it any more/);
  strictEqual((await run('record')).code, 1);
  strictEqual((await run('record', '--accept-breaking')).code, 0);
  strictEqual((await run('check')).code, 0);
});

test('a document is shown as it is recorded', async (t) => {
  const { run, file } = setUp(t);
  await run('record', '--accept-breaking');
  for (const name of ['order.openapi', 'order.asyncapi', 'user.asyncapi']) {
    strictEqual(`${(await run('show', ...name.split('.'))).text}\n`, readFileSync(file(name), 'utf8'));
  }
});

test('who asks for what is not there is told what is', async (t) => {
  const { run: ask } = setUp(t);
  await rejects(ask('show', 'refund', 'openapi'), /user, product, .*openapi or asyncapi/);
  await rejects(ask('show', 'order', 'wsdl'), /openapi or asyncapi/);
  await rejects(ask('check', '--accept-breaking'), /--help/);
  await rejects(ask('forget'), /--help/);
  await rejects(ask('record', '--force'), /--force/);
});
