import { ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { DepositView } from '@ashlar/cli';
import { dollars, expectStatus, Member } from '../shop/member.ts';
import type { SandboxView } from '../shop/outside-faults.ts';
import { found } from '../shop/waiting.ts';
import type { Stage, StageTests } from './stage.ts';

const MODES = ['errors', 'slow', 'reset', 'garbage'] as const;
const ANSWERED_WITHIN_MS = 4_000;
const FINISHED_WITHIN_MS = 60_000;

/** What a busy machine may add to a promised time. */
const LEEWAY_MS = 1_000;

export const cards: StageTests = {
  'whatever the card processor does, a deposit is answered in 4 s, finished after its return, and charged once': async (
    stage,
  ) => {
    const { admin, api } = stage;
    const member = await Member.withMoney(api, 0);
    const begun: { readonly path: `/${string}`; readonly depositId: string }[] = [
      await pendingDeposit(member, 'tok_slow'),
    ];
    for (const mode of MODES) {
      await setCards(stage, mode);
      begun.push(await pendingDeposit(member, 'tok_visa'));
    }
    strictEqual((await member.accountNow(member.account.id)).balance.amount, 0);
    await setCards(stage, 'none');
    for (const { path } of begun) {
      await found(
        `${path} is completed`,
        async () => ((await member.get<DepositView>(path)).status === 'completed' ? true : undefined),
        FINISHED_WITHIN_MS,
      );
    }
    strictEqual((await member.accountNow(member.account.id)).balance.amount, 100 * begun.length);
    const { charges } = await admin.get<SandboxView>('/ops/sandbox');
    for (const { depositId } of begun) {
      const [charge, ...others] = charges.filter(({ idempotencyKey }) => idempotencyKey === depositId);
      ok(others.length === 0 && charge?.count === 1 && charge.amount.amount === 100, JSON.stringify(charge));
    }
    await found(
      'the circuit is closed again',
      async () => (await deposit(member, 'tok_visa', randomUUID())).status === 201 || undefined,
    );
  },
};

async function setCards({ admin }: Stage, mode: string): Promise<void> {
  expectStatus(
    200,
    await admin.call('PUT /ops/sandbox', { body: { cardProcessor: { mode, rate: mode === 'none' ? 0 : 1 } } }),
  );
}

const deposit = (member: Member & { readonly account: { readonly id: string } }, cardToken: string, key: string) =>
  member.call<DepositView>(`POST /v1/accounts/${member.account.id}/deposits`, {
    body: { amount: dollars(100), cardToken },
    headers: { 'idempotency-key': key },
  });

/** Asked twice with its key it is the same deposit, as it stands. */
async function pendingDeposit(member: Parameters<typeof deposit>[0], cardToken: string) {
  const key = randomUUID();
  const asked = performance.now();
  const { body, headers } = expectStatus(202, await deposit(member, cardToken, key));
  const ms = performance.now() - asked;
  ok(ms < ANSWERED_WITHIN_MS + LEEWAY_MS, `answered after ${ms.toFixed(0)} ms`);
  strictEqual(body.status, 'pending');
  const path = `/v1/accounts/${member.account.id}/deposits/${body.depositId}` as const;
  strictEqual(headers['location'], path);
  const again = await deposit(member, cardToken, key);
  ok(again.status === 202 || again.status === 201);
  strictEqual(again.body.depositId, body.depositId);
  return { path, depositId: body.depositId };
}
