import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import type { AccountView, EntryView, Page } from '@ashlar/cli';
import { Databases } from '../shop/databases.ts';
import { dollars, expectStatus, Member } from '../shop/member.ts';
import { NOBODY, refused, type Stage, type StageTests, wrongPaths } from './stage.ts';

export const accounts: StageTests = {
  'a user has one account in each currency': async ({ api }) => {
    const member = await Member.signUp(api);
    const usd = await member.openAccount('USD');
    const zero = dollars(0);
    deepStrictEqual(
      { ...usd, id: '', createdAt: '' },
      {
        id: '',
        userId: member.id,
        currency: 'USD',
        balance: zero,
        reserved: zero,
        available: zero,
        version: 1,
        createdAt: '',
      },
    );
    refused(await member.call('POST /v1/accounts', { body: { currency: 'USD' } }), '409 account_exists');
    const eur = await member.openAccount('EUR');
    deepStrictEqual(
      (await member.all<AccountView>('/v1/accounts')).map(({ id }) => id),
      [usd.id, eur.id],
    );
    refused(await member.call('GET /v1/accounts?cursor=x'), '400 bad_cursor');
    refused(await member.call('POST /v1/accounts', { body: { currency: 'usd' } }), '400 invalid_request');
  },

  'what is paid in and out is in the entries, newest first, each with the balance after it': async ({ api }) => {
    const member = await Member.withMoney(api, 10_000);
    const path = `/v1/accounts/${member.account.id}` as const;
    const withdrawn = expectStatus(
      201,
      await member.call<{ withdrawalId: string; balance: object }>(`POST ${path}/withdrawals`, {
        body: { amount: dollars(2_500) },
      }),
    );
    deepStrictEqual(withdrawn.body.balance, dollars(7_500));
    refused(
      await member.call(`POST ${path}/withdrawals`, { body: { amount: dollars(7_501) } }),
      '409 insufficient_funds',
    );
    const entries = await member.entries(member.account.id);
    deepStrictEqual(
      entries.map(({ type, amount, balanceAfter, version }) => [type, amount.amount, balanceAfter.amount, version]),
      [
        ['MoneyWithdrawn', 2_500, 7_500, 3],
        ['MoneyDeposited', 10_000, 10_000, 2],
        ['AccountOpened', 0, 0, 1],
      ],
    );
    const first = await member.get<Page<EntryView>>(`${path}/entries?limit=1`);
    const second = await member.get<Page<EntryView>>(`${path}/entries?limit=1&cursor=${first.nextCursor}`);
    deepStrictEqual(
      [...first.items, ...second.items].map(({ version }) => version),
      [3, 2],
    );
    for (const cursor of ['x', Buffer.from('1e+21').toString('base64url')])
      refused(await member.call(`GET ${path}/entries?cursor=${cursor}`), '400 bad_cursor');
  },

  'a declined card pays nothing in': async ({ alice }) => {
    const before = await alice.accountNow(alice.account.id);
    const body = { amount: dollars(100), cardToken: 'tok_declined' };
    refused(await alice.call(`POST /v1/accounts/${alice.account.id}/deposits`, { body }), '402 card_declined');
    deepStrictEqual((await alice.accountNow(alice.account.id)).balance, before.balance);
  },

  'a deposit is told by its id, to its owner and to administrators': async ({ admin, alice, bob }) => {
    const id = await alice.deposit(alice.account.id, 100);
    const path = `/v1/accounts/${alice.account.id}/deposits/${id}` as const;
    const { status, amount } = await alice.get<{ status: string; amount: object }>(path);
    deepStrictEqual({ status, amount }, { status: 'completed', amount: dollars(100) });
    await admin.get(path);
    refused(await bob.call(`GET ${path}`), '403 forbidden');
    refused(await alice.call(`GET /v1/accounts/${alice.account.id}/deposits/${NOBODY}`), '404 deposit_not_found');
    refused(await alice.call(`GET /v1/accounts/${alice.account.id}/deposits/42`), '400 invalid_request');
  },

  'money is an integer in minor units of the currency of the account, from 1 to a million millions': async ({
    alice,
  }) => {
    const path = `/v1/accounts/${alice.account.id}` as const;
    for (const amount of [0, -1, 0.5, 1e12 + 1, Number.MAX_SAFE_INTEGER, '100', null, true]) {
      const money = { amount, currency: 'USD' };
      const deposit = await alice.call(`POST ${path}/deposits`, { body: { amount: money, cardToken: 'tok_visa' } });
      deepStrictEqual(wrongPaths(refused(deposit, '400 invalid_request')), ['/amount/amount'], String(amount));
      refused(await alice.call(`POST ${path}/withdrawals`, { body: { amount: money } }), '400 invalid_request');
    }
    const euros = { amount: 100, currency: 'EUR' };
    refused(
      await alice.call(`POST ${path}/deposits`, { body: { amount: euros, cardToken: 'tok_visa' } }),
      '422 currency_mismatch',
    );
    refused(await alice.call(`POST ${path}/withdrawals`, { body: { amount: euros } }), '422 currency_mismatch');
  },

  'a balance has a limit, and the card is not charged past it': async ({ api, shop, admin }) => {
    const member = await Member.withMoney(api, 100);
    await enrich(shop, member.account.id, 999_999_999_999_900);
    strictEqual((await member.accountNow(member.account.id)).balance.amount, 1e15);
    const before = await admin.get<{ charges: unknown[] }>('/ops/sandbox');
    const body = { amount: dollars(1), cardToken: 'tok_visa' };
    refused(await member.call(`POST /v1/accounts/${member.account.id}/deposits`, { body }), '409 balance_limit');
    strictEqual((await admin.get<{ charges: unknown[] }>('/ops/sandbox')).charges.length, before.charges.length);
  },

  "somebody else's account is nobody's business, but an administrator's": async ({ admin, alice, bob }) => {
    const path = `/v1/accounts/${alice.account.id}` as const;
    await admin.get(path);
    await admin.get(`${path}/entries`);
    for (const [call, body] of [
      [`GET ${path}`],
      [`GET ${path}/entries`],
      [`POST ${path}/withdrawals`, { amount: dollars(1) }],
      [`POST ${path}/deposits`, { amount: dollars(1), cardToken: 'tok_visa' }],
    ] as const) {
      refused(await bob.call(call, { body }), '403 forbidden');
    }
    ok((await bob.all<AccountView>(`/v1/accounts?userId=${alice.id}`)).every(({ userId }) => userId === bob.id));
    const none = `/v1/accounts/${NOBODY}` as const;
    refused(await alice.call(`GET ${none}`), '404 account_not_found');
    refused(await alice.call(`GET ${none}/entries`), '404 account_not_found');
    refused(await alice.call(`POST ${none}/withdrawals`, { body: { amount: dollars(1) } }), '404 account_not_found');
    refused(
      await alice.call(`POST ${none}/deposits`, { body: { amount: dollars(1), cardToken: 'tok_visa' } }),
      '404 account_not_found',
    );
    for (const call of ['GET /v1/accounts/42', 'GET /v1/accounts/42/entries', 'GET /v1/accounts?limit=0'] as const) {
      refused(await alice.call(call), '400 invalid_request');
    }
  },

  'an account is told as it was at any time': async ({ api }) => {
    const member = await Member.withMoney(api, 10_000);
    await member.deposit(member.account.id, 500);
    const path = `/v1/accounts/${member.account.id}` as const;
    const entries = await member.entries(member.account.id);
    for (const { at, balanceAfter, version } of entries) {
      const then = await member.get<AccountView>(`${path}?asOf=${encodeURIComponent(at)}`);
      const latest = entries.find((entry) => entry.at <= at)!;
      deepStrictEqual(
        [then.balance, then.version],
        [latest.balanceAfter, latest.version],
        `${version}: ${balanceAfter.amount}`,
      );
    }
    const before = new Date(Date.parse(entries.at(-1)!.at) - 1_000).toISOString();
    refused(await member.call(`GET ${path}?asOf=${before}`), '404 account_not_found');
    deepStrictEqual((await member.get<Page<AccountView>>(`/v1/accounts?asOf=${before}`)).items, []);
    refused(await member.call(`GET ${path}?asOf=yesterday`), '400 invalid_request');
  },

  'an account that has not changed is not sent again': async ({ alice }) => {
    const path = `GET /v1/accounts/${alice.account.id}` as const;
    const { headers } = await alice.call(path);
    match(headers['etag'] ?? '', /^"/);
    strictEqual((await alice.call(path, { headers: { 'if-none-match': headers['etag'] ?? '' } })).status, 304);
    match(headers['cache-control'] ?? '', /no-store|private/);
  },
};

/** As a thousand deposits would. */
async function enrich(shop: Stage['shop'], accountId: string, amount: number): Promise<void> {
  const databases = new Databases(shop);
  const data = { type: 'MoneyDeposited', depositId: NOBODY, amount, balance: amount + 100 };
  const batch = [{ stream: `account-${accountId}`, expected: -2, events: [{ type: 'MoneyDeposited', data }] }];
  await databases
    .query('payment', 'select * from append_events($1)', [JSON.stringify(batch)])
    .finally(() => databases.close());
}
