import { deepStrictEqual } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSystem } from '../model/system.ts';
import { contracts } from './contracts.ts';

const CONTRACT = `
import { event } from '@shop/bus';
import Type from 'typebox';
const Order = Type.Object({ orderId: Type.String() });
export const OrderPlaced = event('order.OrderPlaced.v1', Type.Object({
  ...Order.properties,
  style: Type.Union([Type.Literal('quick'), Type.Literal('slow')]),
  lines: Type.Array(Type.Object({ pieces: Type.Integer() })),
  note: Type.Optional(Type.String()),
}));`;

const DATA = {
  type: 'object',
  required: ['orderId', 'style', 'lines'],
  properties: {
    orderId: { type: 'string' },
    style: { anyOf: [{ const: 'quick' }, { const: 'slow' }] },
    lines: {
      type: 'array',
      items: { type: 'object', required: ['pieces'], properties: { pieces: { type: 'integer' } } },
    },
    note: { type: 'string' },
  },
};

interface Said {
  readonly contract?: string;
  readonly key?: string;
  readonly on?: string;
}

/** A system whose record is a folder of AsyncAPI documents. */
function findings(
  t: TestContext,
  messages: Readonly<Record<string, object>>,
  { contract = CONTRACT, key, on }: Said = {},
): string[] {
  const root = mkdtempSync(join(tmpdir(), 'ashlar-doctor-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const payload = (data: object) => ({
    payload: { type: 'object', properties: { data } },
    ...(key && { 'x-key': `$message.payload#/data/${key}` }),
  });
  const channels = on ? { [on]: { address: on, messages } } : {};
  const all = Object.fromEntries(Object.entries(messages).map(([name, data]) => [name, payload(data)]));
  const files = {
    'architecture.json': JSON.stringify({ contracts: ['contracts'], contractsBaseline: 'contracts/baseline' }),
    'contracts/src/order.ts': contract,
    'contracts/baseline/order.asyncapi.json': JSON.stringify({
      asyncapi: '3.0.0',
      channels,
      components: { messages: all },
    }),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return contracts.judge({ system: readSystem(root) }).findings.map(({ what }) => what);
}

test('what is as the AsyncAPI documents of a folder say breaks nobody', (t) => {
  deepStrictEqual(findings(t, { 'order.OrderPlaced.v1': DATA }), []);
});

test('what is not as the AsyncAPI documents say is found, field by field, and what is gone', (t) => {
  const { style: _, ...properties } = DATA.properties;
  const before = { ...DATA, properties: { ...properties, orderId: { type: 'integer' }, style: { const: 'express' } } };
  deepStrictEqual(findings(t, { 'order.OrderPlaced.v1': before, 'order.OrderLost.v1': DATA }), [
    'order.OrderPlaced.v1 breaks: orderId was integer, and is string',
    'order.OrderPlaced.v1 breaks: style no longer allows "express"',
    'order.OrderLost.v1 was published, and is gone',
  ]);
});

const KEYED = CONTRACT.replace('}));', "}), { key: 'orderId' });");

test('a message stays on its channel, and in order by its key', (t) => {
  const before = { 'order.OrderPlaced.v1': DATA };
  deepStrictEqual(findings(t, before, { contract: KEYED, key: 'orderId', on: 'order.events' }), []);
  deepStrictEqual(findings(t, before, { contract: KEYED, key: 'userId', on: 'order.changes' }), [
    'order.OrderPlaced.v1 breaks: it was in order by userId, and is by orderId',
    'order.OrderPlaced.v1 breaks: it was said on order.changes, and is on order.events',
  ]);
});

test('what is picked out of another schema is compared field by field', (t) => {
  const picked = CONTRACT.replace('Type.Object({\n  ...Order', 'Type.Pick(Type.Object({\n  ...Order').replace(
    '}));',
    "}), ['orderId', 'style', 'note']));",
  );
  deepStrictEqual(findings(t, { 'order.OrderPlaced.v1': DATA }, { contract: picked }), [
    'order.OrderPlaced.v1 breaks: lines is gone',
  ]);
});

test('what is bound more tightly refuses what was written before, and what is loosened does not', (t) => {
  const bounds = (text: string, list = '') =>
    CONTRACT.replace('Optional(Type.String())', () => `Optional(Type.String(${text}))`).replace(
      'Integer() })',
      `Integer({ minimum: 1 }) })${list}`,
    );
  const { note: _, lines, ...others } = DATA.properties;
  const before = (note: object) => ({
    'order.OrderPlaced.v1': {
      ...DATA,
      properties: {
        ...others,
        note: { type: 'string', ...note },
        lines: { ...lines, items: { ...lines.items, properties: { pieces: { type: 'integer', minimum: 1 } } } },
      },
    },
  });
  const told = (note: object, contract: string) => findings(t, before(note), { contract });
  deepStrictEqual(told({ maxLength: 200 }, bounds('{ maxLength: 200 }')), []);
  deepStrictEqual(told({ maxLength: 200, pattern: '^a' }, bounds('{ maxLength: 300 }')), []);
  deepStrictEqual(told({ maxLength: 200 }, bounds('LIMITS')), []);
  const tight = 'order.OrderPlaced.v1 breaks: ';
  deepStrictEqual(told({ maxLength: 200 }, bounds("{ maxLength: 100, pattern: '^[a-z]+$' }", ', { maxItems: 9 }')), [
    `${tight}note is bound more tightly: max was 200, and is 100`,
    `${tight}note is bound more tightly: pattern is new, and is ^[a-z]+$`,
    `${tight}lines is bound more tightly: max is new, and is 9`,
  ]);
});
