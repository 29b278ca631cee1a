import { ok, strictEqual } from 'node:assert/strict';
import { expectStatus } from '../shop/member.ts';
import { found } from '../shop/waiting.ts';
import { refused, type StageTests } from './stage.ts';

const BURST = 400;

/** So many at once that even a busy machine takes them faster than 200 a second come back. */
const REQUESTS = 2_000;

export const limits: StageTests = {
  'a user has bursts of 400 requests; past them each is told how long to wait, and nobody else has to': async ({
    alice,
    bob,
  }) => {
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => alice.call('GET /v1/nothing')));
    const limited = answers.filter(({ status }) => status === 429);
    const taken = answers.length - limited.length;
    ok(taken >= BURST, `only ${taken} were taken`);
    ok(limited.length > 0, 'all were taken');
    for (const answer of limited) {
      refused(answer, '429 rate_limited');
      strictEqual(/r=(\d+)/.exec(answer.headers['ratelimit'] ?? '')?.[1], '0');
    }
    expectStatus(200, await bob.call('GET /v1/users/me'));
    const again = async () => ((await alice.call('GET /v1/users/me')).status === 200 ? true : undefined);
    await found('she may come again', again, 5_000);
  },
};
