import { DomainError } from '@ashlar/domain';
import {
  type Decider,
  EventSourced,
  eventStoreMigrations,
  eventTypes,
  flatCodec,
  PostgresEventStore,
} from '@ashlar/event-store';
import { migrate, PostgresDatabase } from '@ashlar/postgres';

type Command = { readonly type: 'deposit' | 'withdraw'; readonly amount: number };
type Event = { readonly type: 'Deposited' | 'Withdrawn'; readonly amount: number };

const account: Decider<Command, Event, { balance: number }> = {
  initial: { balance: 0 },
  decide({ type, amount }, { balance }) {
    if (type === 'deposit') return [{ type: 'Deposited', amount }];
    if (amount > balance) throw new DomainError('insufficient_funds', 'conflict', `There are only ${balance}.`);
    return [{ type: 'Withdrawn', amount }];
  },
  evolve: ({ balance }, { type, amount }) => ({ balance: type === 'Deposited' ? balance + amount : balance - amount }),
};

/** A withdrawal told a sum once: such events are read as those of today. */
const ledger = eventTypes<Event>({ Deposited: [], Withdrawn: [({ sum }) => ({ amount: sum })] });

const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
await migrate(url, await eventStoreMigrations());
const db = new PostgresDatabase({ url });
const store = new PostgresEventStore(db, ledger);
const accounts = new EventSourced(db, store, { decider: account, codec: flatCodec<Event>(), snapshotSchema: 1 });

await accounts.execute('account-ada', { type: 'deposit', amount: 10 });
const spend = () => accounts.execute('account-ada', { type: 'withdraw', amount: 6 });
for (const { status } of await Promise.allSettled([spend(), spend()])) console.log(status);
for (const { position, type, data } of await store.readAll({ after: 0 })) console.log(position, type, data);
console.log(await accounts.load('account-ada'));
await db.close();
