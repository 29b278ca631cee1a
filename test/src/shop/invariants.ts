import { deepStrictEqual } from 'node:assert/strict';
import type { AccountView, EntryView, OrderView } from '@ashlar/cli';
import { Databases } from './databases.ts';
import { moneyFaults } from './money-faults.ts';
import { orderFaults } from './order-faults.ts';
import { outsideFaults, type SandboxView } from './outside-faults.ts';
import { unrest } from './quiet.ts';
import type { Shop } from './shop.ts';
import { stockFaults } from './stock-faults.ts';
import { eventually, inParallel } from './waiting.ts';

/** Everything that the checks look at, read once the system is quiet. */
export interface Books {
  readonly databases: Databases;
  readonly accounts: readonly { readonly account: AccountView; readonly entries: readonly EntryView[] }[];
  readonly orders: readonly OrderView[];
  readonly sandbox: SandboxView;
}

const QUIET_WITHIN_MS = 120_000;

/** Waits until the system is quiet, then checks every invariant of the whole; fails with all that differs. */
export async function invariants(shop: Shop, quietWithinMs = QUIET_WITHIN_MS): Promise<Books> {
  const databases = new Databases(shop);
  return invariantsIn(shop, databases, quietWithinMs).finally(() => databases.close());
}

/** The same, for those who have the databases open. */
export async function invariantsIn(shop: Shop, databases: Databases, quietWithinMs = QUIET_WITHIN_MS): Promise<Books> {
  let restless: readonly string[] = [];
  const isQuiet = async () => {
    restless = await unrest(databases);
    return restless.length === 0;
  };
  await eventually('the system is quiet', isQuiet, quietWithinMs).catch(() =>
    deepStrictEqual(restless, [], 'The system is not quiet.'),
  );
  const books = await read(shop, databases);
  const faults = [
    ...(await moneyFaults(books)),
    ...(await stockFaults(shop, books)),
    ...(await orderFaults(books)),
    ...(await outsideFaults(books)),
  ];
  deepStrictEqual(faults.slice(0, 50), [], `${faults.length} invariants are broken.`);
  return books;
}

/** Accounts, entries and orders by the public API. */
async function read(shop: Shop, databases: Databases): Promise<Books> {
  const admin = await shop.admin();
  const ids = await databases.query<{ id: string }>('payment', 'select id from accounts order by id');
  const users = await databases.query<{ id: string }>('order', 'select distinct user_id as id from orders order by 1');
  const accounts = await inParallel(8, ids.length, async (at) => {
    const { id } = ids[at]!;
    return { account: await admin.accountNow(id), entries: await admin.entries(id) };
  });
  const orders = await inParallel(8, users.length, (at) => admin.all<OrderView>(`/v1/orders?userId=${users[at]!.id}`));
  const sandbox = shop.outside?.() ?? (await admin.get<SandboxView>('/ops/sandbox'));
  return { databases, accounts, orders: orders.flat(), sandbox };
}
