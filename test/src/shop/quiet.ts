import { type Databases, SERVICES } from './databases.ts';

interface Counts {
  readonly unpublished: number;
  readonly parked: number;
  readonly messages: number;
  readonly leases: number;
}

const WITH_JOBS = ['payment', 'shipping'] as const;

/** What keeps the system from being quiet, and has to end by itself. While orders are pending, only they are told. */
export async function unrest(databases: Databases): Promise<string[]> {
  const orders = await pendingOrders(databases);
  return orders.length > 0 ? orders : [...(await unfinishedMoney(databases)), ...(await unfinishedMessages(databases))];
}

async function pendingOrders(databases: Databases): Promise<string[]> {
  const [orders] = await databases.query<{ pending: number; sagas: number }>(
    'order',
    `select (select count(*) from orders where status = 'pending') as pending,
            (select count(*) from sagas where status not in ('completed', 'compensated')) as sagas`,
  );
  return [...some(orders?.pending, 'pending orders'), ...some(orders?.sagas, 'sagas that have not ended')];
}

async function unfinishedMoney(databases: Databases): Promise<string[]> {
  const found: string[] = [];
  for (const service of WITH_JOBS) {
    const jobs = `select count(*) as open from jobs.job where state in ('created', 'retry', 'active')`;
    const [counted] = await databases.query<{ open: number }>(service, jobs);
    found.push(...some(counted?.open, `open jobs of ${service}`));
  }
  const waiting = `select count(*) as pending from deposits where status = 'pending'`;
  const [deposits] = await databases.query<{ pending: number }>('payment', waiting);
  return [...found, ...some(deposits?.pending, 'pending deposits')];
}

async function unfinishedMessages(databases: Databases): Promise<string[]> {
  const found: string[] = [];
  for (const service of SERVICES) {
    const [counts] = await databases.query<Counts>(
      service,
      `select (select count(*) from outbox where published_at is null) as unpublished,
              (select count(*) from inbox where parked) as parked,
              (select count(*) from parked_messages) as messages,
              (select count(*) from leases where holder is not null and expires_at < clock_timestamp()) as leases`,
    );
    found.push(
      ...some(counts?.unpublished, `unpublished messages of ${service}`),
      ...some(counts?.parked, `parked keys at ${service}`),
      ...some(counts?.messages, `parked messages at ${service}`),
      ...some(counts?.leases, `leases of ${service} that are held by the dead`),
    );
  }
  return found;
}

const some = (count: number | undefined, what: string): string[] => (count ? [`${count} ${what}`] : []);
