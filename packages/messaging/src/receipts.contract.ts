import { deepStrictEqual, ok } from 'node:assert/strict';
import type { Rules } from '@ashlar/postgres/contract-suites';
import { type MessageStage, nextId } from './message-stage.fixtures.ts';

const receipt = (place: number, channel = 'shop.events') => ({ channel, place, id: nextId() });

/** What the broker has answered for is noted, for whichever process asks it again. */
export const receiptsRules: Rules<MessageStage> = {
  'receipts are kept, the newest first, with their age': async (stage) => {
    const [first, second, third] = [receipt(1), receipt(1, 'shop.commands'), receipt(7)];
    const { receipts } = stage.storage;
    await receipts.note([first, second]);
    await stage.passes(60_000);
    await receipts.note([third]);
    await receipts.note([]);
    const kept = await stage.another().storage.receipts.all();
    deepStrictEqual(
      kept.map(({ channel, place, id }) => ({ channel, place, id })),
      [third, second, first],
    );
    ok(kept[0]!.agoMs < 30_000 && kept[1]!.agoMs >= 60_000);
  },

  'those that are proven wrong, or old, are dropped, and no others': async (stage) => {
    const { receipts } = stage.storage;
    await receipts.note([receipt(1)]);
    await stage.passes(60_000);
    await receipts.note([receipt(2), receipt(3)]);
    const [third] = await receipts.all();
    await receipts.forget([third!.number]);
    await receipts.purge(30_000);
    deepStrictEqual(
      (await receipts.all()).map(({ place }) => place),
      [2],
    );
  },
};
