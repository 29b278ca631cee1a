import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { Direction } from './change.ts';
import { compareSchemas } from './compare-schemas.ts';
import type { Json, JsonObject } from './json.ts';
import { integer, objectOf, text } from './schemas.fixtures.ts';

const compared = (was: Json, is: Json, direction: Direction) =>
  compareSchemas({ was, is, direction, documents: { was: {}, is: {} }, at: 'it' });

test('a change tells where it is, what was, what is, whom it breaks and what to do', () => {
  const was = objectOf({ total: objectOf({ lines: { type: 'array', items: objectOf({ amount: integer }) } }) });
  const is = objectOf({ total: objectOf({ lines: { type: 'array', items: objectOf({ amount: text }) } }) });
  const [change] = compared(was, is, 'event');
  strictEqual(change?.at, 'it/total/lines[]/amount');
  deepStrictEqual([change.was, change.is], [['integer'], ['string']]);
  ok(change.why.startsWith('Whoever reads it'));
  ok(change.remedy?.includes('v2'));
});

test('references are followed, each in its own document', () => {
  const document = (amount: Json): JsonObject => ({ schemas: { Money: objectOf({ amount }), 'a/b': text } });
  const documents = { was: document(integer), is: document(text) };
  const reference = { $ref: '#/schemas/Money' };
  const changes = compareSchemas({ was: reference, is: reference, documents, direction: 'event', at: 'it' });
  deepStrictEqual(
    changes.map(({ kind, at }) => [kind, at]),
    [['type changed', 'it/amount']],
  );
  const escaped = { was: { $ref: '#/schemas/a~1b' }, is: text, documents, direction: 'event', at: 'it' } as const;
  deepStrictEqual(compareSchemas(escaped), []);
});

test('what stands beside a reference holds as well', () => {
  const documents = { was: { Text: text }, is: { Text: text } };
  const [was, is] = [
    { $ref: '#/Text', description: 'A' },
    { $ref: '#/Text', maxLength: 3 },
  ];
  const changes = compareSchemas({ was, is, documents, direction: 'request', at: 'it' });
  ok(
    changes.some(({ breaks }) => breaks),
    JSON.stringify(changes),
  );
});

test('a schema that refers to itself is compared once, and to the end', () => {
  const tree = (label: Json) => ({ Tree: objectOf({ label, children: { type: 'array', items: { $ref: '#/Tree' } } }) });
  const documents = { was: tree(text), is: tree(integer) };
  const reference = { $ref: '#/Tree' };
  const changes = compareSchemas({ was: reference, is: reference, documents, direction: 'event', at: 'it' });
  deepStrictEqual(
    changes.map(({ at }) => at),
    ['it/label'],
  );
});

test('a reference that leads nowhere is an error, and not a schema that accepts everything', () => {
  throws(() => compared({ $ref: '#/Gone' }, {}, 'event'), /leads nowhere/);
  throws(() => compared({ $ref: 'https://example.org/x' }, {}, 'event'), /cannot be followed/);
});
