import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { placed, useMessaging } from './messaging.fixtures.ts';
import { publishedLines } from './published-lines.ts';

const setUp = useMessaging();

const upTo = (key: string, sequence: number) => ({ channel: 'shop.events', key, sequence });

test('a line counts as published only when the bus has all of it, up to the message that is asked for', {
  skip: databaseMissing,
}, async (t) => {
  const desk = await setUp(t);
  const { db } = desk;
  await desk.outbox().add([placed('k', 1), placed('k', 2), placed('k', 3), placed('l', 1)]);
  const asked = [upTo('k', 1), upTo('k', 2), upTo('l', 1), upTo('l', 2), upTo('m', 1)];
  const published = async () =>
    (await publishedLines(db, asked)).map(({ key, sequence }) => `${key}/${sequence}`).sort();
  deepStrictEqual(await published(), []);
  await db.execute(`update outbox set published_at = clock_timestamp() where key = 'l' or sequence = 2`);
  deepStrictEqual(await published(), ['l/1']);
  await db.execute(`update outbox set published_at = clock_timestamp() where sequence = 1`);
  deepStrictEqual(await published(), ['k/1', 'k/2', 'l/1']);
});
