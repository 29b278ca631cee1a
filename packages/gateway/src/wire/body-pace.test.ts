import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { BodyPace } from './body-pace.ts';

const aBody = (): BodyPace => new BodyPace({ requestMs: 30_000, bodyBytesPerSecond: 1_000 }, 0);

/** When the patience with a client ends that sends so much every second, for a whole day at most. */
function endsAt(bytes: number): number {
  const body = aBody();
  let deadlineAt = body.resume(0);
  for (let now = 0; now < 86_400_000; now += 1_000) {
    if (now >= deadlineAt) return now;
    deadlineAt = body.received(bytes, { now, isReadOn: true });
  }
  return Number.POSITIVE_INFINITY;
}

test('a body that keeps to the least rate may take as long as it needs', () => {
  strictEqual(endsAt(1_000), Number.POSITIVE_INFINITY);
  strictEqual(endsAt(1_000_000), Number.POSITIVE_INFINITY);
});

test('a body that drips in has the first half minute, and what little it earns', () => {
  strictEqual(endsAt(1), 31_000);
  strictEqual(endsAt(500), 59_000);
});

test('what came fast buys no silence', () => {
  strictEqual(aBody().received(1_000_000_000, { now: 1_000, isReadOn: true }), 31_000);
});

test('the time in which nobody reads is not the client’s', () => {
  const body = aBody();
  strictEqual(body.received(0, { now: 10_000, isReadOn: false }), Number.POSITIVE_INFINITY);
  strictEqual(body.resume(60_000), 80_000);
  strictEqual(body.resume(70_000), 80_000);
});
