import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemTimers } from '@ashlar/domain';
import type { Inbox } from './inbox.ts';
import { Progress } from './progress.ts';

const line = { channel: 'shop.events', key: 'k' };

/** An inbox that answers when told to, to whom has asked by then. */
function setUp() {
  const asked: PromiseWithResolvers<number>[] = [];
  const read = (): Promise<number> => {
    const question = Promise.withResolvers<number>();
    asked.push(question);
    return question.promise;
  };
  return { progress: new Progress({ read } as Partial<Inbox> as Inbox, systemTimers), asked };
}

test('however many wait for what has come already, the database is asked once', async () => {
  const { progress, asked } = setUp();
  const waiting = Array.from({ length: 300 }, () => progress.reached(line, 2));
  asked[0]!.resolve(3);
  await Promise.all(waiting);
  await Promise.all([progress.reached(line, 3), progress.reached(line, 1)]);
  strictEqual(asked.length, 1);
});

test('what is newer than what is known is asked for', async () => {
  const { progress, asked } = setUp();
  const first = progress.reached(line, 1);
  asked[0]!.resolve(1);
  await first;
  const second = progress.reached(line, 2);
  asked[1]!.resolve(2);
  await second;
});

test('who comes after something was handled does not rely on a look from before', async () => {
  const { progress, asked } = setUp();
  const first = progress.reached(line, 1);
  progress.moved();
  const second = progress.reached(line, 1);
  asked[1]!.resolve(1);
  await second;
  asked[0]!.resolve(0);
  await first;
  strictEqual(asked.length, 2);
});
