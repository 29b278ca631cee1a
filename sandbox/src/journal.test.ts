import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';

interface Deed {
  readonly key: string;
  readonly n: number;
}

function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'deeds.jsonl');
  const told: string[] = [];
  const log = (line: string): void => void told.push(line);
  return {
    file,
    told,
    open: () => Journal.open<Deed>(file, log),
    ledger: (keep = 100) => new Ledger<Deed>({ file, keep, log, keyOf: ({ key }) => key }),
    lines: () => readFileSync(file, 'utf8').split('\n').length - 1,
  };
}

test('what was written is read again, in order', (t) => {
  const { open } = setUp(t);
  const { journal, entries } = open();
  deepStrictEqual(entries, []);
  for (const n of [1, 2, 3]) journal.append({ key: 'é', n });
  deepStrictEqual(
    open().entries.map((entry) => entry.n),
    [1, 2, 3],
  );
});

test('a torn last line is dropped, and the next one is whole', (t) => {
  const { file, open, told } = setUp(t);
  open().journal.append({ key: 'a', n: 1 });
  appendFileSync(file, '{"key":"b","n"');
  const { journal, entries } = open();
  deepStrictEqual(entries, [{ key: 'a', n: 1 }]);
  strictEqual(told.length, 1);
  journal.append({ key: 'c', n: 3 });
  deepStrictEqual(open().entries, [
    { key: 'a', n: 1 },
    { key: 'c', n: 3 },
  ]);
});

test('a line that somebody has spoilt is told and skipped', (t) => {
  const { file, open, told } = setUp(t);
  appendFileSync(file, 'rubbish\n{"key":"a","n":1}\n');
  deepStrictEqual(open().entries, [{ key: 'a', n: 1 }]);
  strictEqual(told.length, 1);
});

test('a closed journal takes nothing more', (t) => {
  const { journal } = setUp(t).open();
  journal.close();
  throws(() => journal.append({ key: 'a', n: 1 }));
});

test('a ledger knows the last deed of each key after it was opened again', (t) => {
  const { ledger } = setUp(t);
  const first = ledger();
  first.record({ key: 'a', n: 1 });
  first.record({ key: 'b', n: 2 });
  first.record({ key: 'a', n: 3 });
  const second = ledger();
  strictEqual(second.find('a')?.n, 3);
  deepStrictEqual(
    second.latest(2).map(({ n }) => n),
    [3, 2],
  );
  deepStrictEqual(second.latest(1).length, 1);
});

test('at start the file is cut down to what is remembered, and goes on from there', (t) => {
  const { ledger, lines } = setUp(t);
  const first = ledger(3);
  for (const n of [1, 2, 3, 4, 5]) first.record({ key: `k${n}`, n });
  strictEqual(first.find('k2'), undefined);
  strictEqual(lines(), 5);
  const second = ledger(3);
  strictEqual(lines(), 3);
  second.record({ key: 'k6', n: 6 });
  deepStrictEqual(
    ledger(3)
      .latest(10)
      .map(({ n }) => n),
    [6, 5, 4],
  );
});

test('what cannot be written has not been done', (t) => {
  const ledger = setUp(t).ledger();
  ledger.close();
  throws(() => ledger.record({ key: 'a', n: 1 }));
  strictEqual(ledger.find('a'), undefined);
});
