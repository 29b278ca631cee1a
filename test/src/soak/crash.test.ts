import { test } from 'node:test';
import { surviveCrashes } from '../crash/crashes.ts';

const KILLS = 40;

test('forty kills at any instant lose no order, no money and no piece of stock', async (t) => {
  const every25th = Array.from(
    { length: KILLS / 25 },
    (_, at) => [25 * (at + 1), at % 2 === 0 ? 'alone' : 'with the system'] as const,
  );
  await surviveCrashes(t, { kills: KILLS, databaseKills: Object.fromEntries(every25th), perSecond: 60 });
});
