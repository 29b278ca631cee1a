import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogPosition } from '@ashlar/domain';
import type { Written } from '@ashlar/telemetry';
import fc from 'fast-check';
import { consistencyGate, type Follower } from './consistency-gate.ts';
import {
  type ConsistencyToken,
  EMPTY_TOKEN,
  formatConsistencyToken,
  mergeTokens,
  parseConsistencyToken,
} from './consistency-token.ts';
import { fittingToken } from './fitting-token.ts';
import { LineSet } from './line-set.ts';

const ORDER = '01890a5d-ac96-774b-bcce-b302099a8057';
const made = (key: string, sequence: number, channel = 'order.events'): Written => ({ channel, key, sequence });
const token = (...written: readonly Written[]): ConsistencyToken => ({ ...EMPTY_TOKEN, written });
const at = (lsn: number, timeline = 1): LogPosition => ({ timeline, lsn: BigInt(lsn) });
const gateOf = (...followers: readonly Follower[]) => consistencyGate({ service: 'order', followers });

test('a token holds what was written, how far the databases had come, and the lines of what is settled', () => {
  const written = [
    made(ORDER, 1),
    made('EUR', 7, 'payment.commands'),
    made(ORDER, 2 ** 40, 'product.events'),
    made('café', 3),
  ];
  const full: ConsistencyToken = {
    written,
    settled: new LineSet().with([made('old', 1)]),
    positions: new Map([
      ['order', { timeline: 3, lsn: 2n ** 64n - 1n }],
      ['product', at(7)],
    ]),
    isIncomplete: true,
  };
  for (const one of [full, token(...written), EMPTY_TOKEN]) {
    deepStrictEqual(parseConsistencyToken(formatConsistencyToken(one)), one);
  }
});

test('a token of the version before is still understood', () => {
  const bytes = [1, 0, 1, 'a'.charCodeAt(0), 1, 'k'.charCodeAt(0), 9];
  deepStrictEqual(parseConsistencyToken(Buffer.from(bytes).toString('base64url')), token(made('k', 9, 'a')));
});

test('merged tokens cover both, with the highest number of each line, and the newer place of each database', () => {
  const merged = mergeTokens(
    {
      ...token(made('a', 5), made('b', 1)),
      positions: new Map([
        ['order', at(9)],
        ['user', at(90)],
        ['product', at(5)],
      ]),
    },
    {
      written: [made('a', 3), made('c', 1)],
      positions: new Map([
        ['order', at(7)],
        ['user', at(10, 2)],
        ['product', at(6)],
      ]),
      settled: new LineSet().with([made('z', 1)]),
    },
  );
  deepStrictEqual(merged.written, [made('b', 1), made('a', 5), made('c', 1)]);
  deepStrictEqual(
    merged.positions,
    new Map([
      ['order', at(9)],
      ['user', at(10, 2)],
      ['product', at(6)],
    ]),
  );
  const both = mergeTokens(merged, { settled: new LineSet().with([made('y', 1)]) }).settled!;
  ok(both.mayHave(made('z', 1)) && both.mayHave(made('y', 1)) && !both.mayHave(made('x', 1)));
});

test('however much a client writes, 512 bytes name all of it, or are settled with it', async () => {
  const services = ['user', 'product', 'inventory', 'payment', 'order', 'shipping'];
  const aWrite = fc.record({
    service: fc.constantFrom(...services),
    keys: fc.array(
      fc.oneof(
        fc.uuid(),
        fc.string({ minLength: 1, maxLength: 20 }).filter((key) => !key.includes('\0') && key.isWellFormed()),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(aWrite, { minLength: 1, maxLength: 60 }), async (writes) => {
      const known = new Map<string, Written>();
      let current = EMPTY_TOKEN;
      for (const [n, { service, keys, lsn }] of writes.entries()) {
        const written = keys.map((key) => made(key, n + 1, `${service}.events`));
        for (const one of written) known.set(`${one.channel}\n${one.key}`, one);
        const positions = new Map([[service, { timeline: 1, lsn }]]);
        const own = async (all: readonly Written[]) => all.filter(({ channel }) => channel === `${service}.events`);
        const made512 = await fittingToken(mergeTokens(current, { written, positions }), own);
        ok(made512.length <= 512, `${made512.length} bytes`);
        current = parseConsistencyToken(made512);
      }
      strictEqual(current.isIncomplete, false);
      for (const one of known.values()) {
        const named = current.written.find(({ channel, key }) => channel === one.channel && key === one.key);
        ok(
          named ? named.sequence === one.sequence : current.settled?.mayHave(one),
          `${one.channel} ${one.key} is lost`,
        );
      }
    }),
    { numRuns: 200 },
  );
});

test('what the bus has not got is named until it has, and a token that cannot hold it says so', async () => {
  const many = Array.from({ length: 40 }, (_, n) => made(`a key of some length ${n}`, 1));
  let looks = 0;
  const late = await fittingToken(token(...many), async (all) => (looks++ < 3 ? [] : all));
  deepStrictEqual([looks, parseConsistencyToken(late).written], [4, []]);
  const never = parseConsistencyToken(await fittingToken(token(...many), async () => [], 30));
  strictEqual(never.isIncomplete, true);
  deepStrictEqual(never.written, many.slice(-never.written.length));
  strictEqual(await gateOf().reached(never, 5), false);
});
