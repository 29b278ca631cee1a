import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aMessage, messages, useMessaging } from './messaging.fixtures.ts';
import { MAX_ATTEMPTS, OutdatedError } from './parking-lot.ts';

const skip = databaseMissing;
const setUp = useMessaging();

test('what only newer code knows is never dead: its line waits until a newer replica takes it, in order', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  let isNewer = false;
  const consumer = desk.consumer(async (order) => {
    if (!isNewer && order.subject === 'new') throw new OutdatedError('This process does not know it.');
    await desk.note(order);
  });
  const attempts = async () => {
    const [row] = await desk.db.query<{ attempts: number }>('select max(attempts) as attempts from parked_messages');
    return row!.attempts;
  };
  desk.bus.deliver(...messages('new', 2), aMessage('old', 1));
  await consumer.settled();
  for (let tried = 2; tried <= MAX_ATTEMPTS + 3; tried++) {
    await desk.timePasses();
    await eventually(`try ${tried}`, async () => (await attempts()) === tried);
  }
  deepStrictEqual(await desk.lot(), ['new/1 retrying', 'new/2 waiting']);
  ok(desk.parked.every((parked) => parked === 'new/1'));
  isNewer = true;
  await desk.timePasses();
  await desk.effectsBecome('old/1', 'new/1', 'new/2');
});
