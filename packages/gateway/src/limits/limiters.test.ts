import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BoundedMap } from './bounded-map.ts';
import type { Limiter } from './limiter.ts';
import { SlidingWindow } from './sliding-window.ts';
import { TokenBucket } from './token-bucket.ts';

const START = Date.UTC(2026, 0, 1);
const bucket = () => new TokenBucket({ quota: 400, windowMs: 2_000, keys: 100 });
const window = () => new SlidingWindow({ quota: 10, windowMs: 60_000, keys: 100 });

const takeMany = (limiter: Limiter, times: number, atMs: number) =>
  Array.from({ length: times }, () => limiter.take('a', atMs)).filter(({ allowed }) => allowed).length;

test('a bucket lets its burst through at once and then its rate', () => {
  const limiter = bucket();
  strictEqual(takeMany(limiter, 500, START), 400);
  strictEqual(takeMany(limiter, 500, START + 1_000), 200);
  strictEqual(takeMany(limiter, 500, START + 60_000), 400);
});

test('a bucket tells what is left and when it is full again', () => {
  const limiter = bucket();
  deepStrictEqual(limiter.take('a', START), { allowed: true, remaining: 399, resetMs: 5, retryMs: 0 });
  takeMany(limiter, 399, START);
  deepStrictEqual(limiter.take('a', START), { allowed: false, remaining: 0, resetMs: 2_000, retryMs: 5 });
  ok(limiter.isSpent('a', START));
  ok(!limiter.isSpent('a', START + 5));
  ok(!limiter.isSpent('b', START));
});

test('a bucket of a very high rate still counts', () => {
  const limiter = new TokenBucket({ quota: 4_000_000, windowMs: 2_000, keys: 1 });
  for (let taken = 0; taken < 1_000; taken++) limiter.take('a', START + 0.5);
  strictEqual(limiter.take('a', START + 0.5).remaining, 4_000_000 - 1_001);
});

test('a clock that is set back locks nobody out for longer than a window', () => {
  const limiter = bucket();
  takeMany(limiter, 400, START);
  const hourBefore = START - 3_600_000;
  strictEqual(limiter.take('a', hourBefore).allowed, false);
  strictEqual(limiter.take('a', hourBefore + 2_000).allowed, true);
  const signIns = window();
  takeMany(signIns, 10, START);
  strictEqual(signIns.take('a', hourBefore).allowed, true);
});

test('a window opens again when its oldest request is a window old', () => {
  const limiter = window();
  strictEqual(takeMany(limiter, 6, START), 6);
  strictEqual(takeMany(limiter, 6, START + 30_000), 4);
  deepStrictEqual(limiter.take('a', START + 30_000), {
    allowed: false,
    remaining: 0,
    resetMs: 60_000,
    retryMs: 30_000,
  });
  strictEqual(takeMany(limiter, 10, START + 60_000), 6);
});

test('a window never lets more than its quota into any window', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }), (pauses) => {
      const limiter = window();
      const allowed: number[] = [];
      let now = START;
      for (const pause of pauses) {
        now += pause;
        if (limiter.take('a', now).allowed) allowed.push(now);
      }
      // Exact to a 60th of the window.
      return allowed.every((at, index) => (allowed[index + 10] ?? Number.POSITIVE_INFINITY) - at > 59_000);
    }),
  );
});

test('what a limit says of the next try is true', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { maxLength: 60 }), (pauses) => {
      const limiter = window();
      let now = START;
      for (const pause of pauses) {
        now += pause;
        const { allowed, retryMs } = limiter.take('a', now);
        if (allowed) continue;
        now += retryMs;
        if (!limiter.take('a', now).allowed) return false;
      }
      return true;
    }),
  );
});

test('one caller does not use up the quota of another', () => {
  const limiter = window();
  takeMany(limiter, 10, START);
  strictEqual(limiter.take('b', START).allowed, true);
});

test('a bounded map forgets what was not used for longest', () => {
  const map = new BoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  deepStrictEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [3, undefined, 4, 2]);
});

test('a bounded map keeps what has just come, also where all others were used', () => {
  const map = new BoundedMap<number>(2);
  for (const key of ['a', 'b', 'a', 'b', 'c']) map.set(key, 1);
  deepStrictEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [undefined, 1, 1, 2]);
});
