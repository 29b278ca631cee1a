import { ok, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { allIsRight } from './all-is-right.ts';
import { Network } from './network.ts';
import { setTheStage } from './stage.ts';

/** Of those who shop, at 6 a second. */
const ANSWERS_BETWEEN = 24;
/** Longer than leases and heartbeats last. */
const ANSWERS_CUT_OFF = 72;

/** Broker and Redis are in another network, and what is sent to it is lost for a while: nobody hears of an end. */
export async function survivePartition(t: TestContext): Promise<void> {
  const network = new Network();
  const stage = await setTheStage(t, network);
  const { load, availability } = stage;
  availability.part = 'all are well';
  await load.moreAnswers(ANSWERS_BETWEEN);

  availability.part = 'the network is cut';
  const before = load.orderIds.length;
  network.cut();
  await load.moreAnswers(ANSWERS_CUT_OFF);
  const taken = load.orderIds.length - before;
  const last = await (await stage.shop.admin()).orderNow(load.orderIds.at(-1)!);
  strictEqual(last.status, 'pending', 'what was taken meanwhile goes no further: the network is cut');

  availability.part = 'the network is mended';
  network.mend();
  const mendedAt = performance.now();
  await load.nextOrder();
  const late = performance.now() - mendedAt;
  await load.moreAnswers(ANSWERS_BETWEEN);
  await allIsRight(t, stage);
  t.diagnostic(
    `${taken} orders were taken without broker and Redis, the first one afterwards after ${late.toFixed(0)} ms`,
  );
  ok(taken > 0, 'no order was taken while broker and Redis were beyond reach');
}
