import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aUserService, outside, someoneWaits, usersIn } from './user-service.fixtures.ts';

const service = aUserService();

test('whoever counts the other administrators waits for one who is about to leave', {
  skip: databaseMissing,
}, async () => {
  const { db } = service;
  const users = usersIn(db);
  await service.startAnother({ admin: { email: 'second@example.org', password: 'correct horse battery' } });
  const [first, second] = await users.list({ limit: 2 });
  const counted = Promise.withResolvers<number>();
  await db.transaction(async () => {
    await db.query('set local idle_in_transaction_session_timeout = 0');
    first?.changeRole('customer', await users.countOtherAdministrators(first.state.id));
    await users.save(first!);
    outside(() => counted.resolve(users.countOtherAdministrators(second!.state.id)));
    await eventually('the other waits', () => someoneWaits(db));
  });
  strictEqual(await counted.promise, 0);
});
