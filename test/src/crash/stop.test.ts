import { test } from 'node:test';
import { surviveCrashes } from './crashes.ts';

test('a system that is told to stop in the middle of its work ends well, and goes on at the next start', async (t) => {
  await surviveCrashes(t, { kills: 2, signal: 'SIGTERM', perSecond: 60 });
});
