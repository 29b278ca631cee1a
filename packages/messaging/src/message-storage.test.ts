import { databaseMissing } from '@ashlar/postgres';
import type { OutboxRow } from './message.ts';
import type { MessageStage } from './message-stage.fixtures.ts';
import { messageStorageContract } from './message-storage.contract.ts';
import { type Desk, useMessaging } from './messaging.fixtures.ts';
import { postgresMessageStorage } from './storage.ts';

const setUp = useMessaging();

/** What is kept gets older instead of the clock going on. */
const AGEING = [
  `update outbox set created_at = created_at - age, published_at = published_at - age
   from (select $1 * interval '1 ms' as age) as given`,
  `update inbox set updated_at = updated_at - $1 * interval '1 ms'`,
  `update receipts set noted_at = noted_at - $1 * interval '1 ms'`,
  `update leases set expires_at = expires_at - $1 * interval '1 ms'`,
  `update replicas set expires_at = expires_at - $1 * interval '1 ms'`,
  `update parked_messages set next_attempt_at = next_attempt_at - $1 * interval '1 ms'`,
];

function stageOf(desk: Desk, db = desk.db): MessageStage {
  const committed: (readonly OutboxRow[])[] = [];
  return {
    storage: postgresMessageStorage(db),
    outbox: desk.outbox((rows) => committed.push(rows), db),
    committed,
    another: () => stageOf(desk, desk.pool()),
    async passes(ms) {
      for (const sql of AGEING) await db.execute(sql, [ms]);
    },
  };
}

messageStorageContract('PostgreSQL', { makeStage: async (t) => stageOf(await setUp(t)), skip: databaseMissing });
