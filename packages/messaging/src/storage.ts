import type { Database, UnitOfWork } from '@ashlar/postgres';
import type { Inbox } from './inbox.ts';
import type { Leases } from './leases.ts';
import type { OutboxRows } from './outbox-rows.ts';
import type { ParkingLot } from './parking-lot.ts';
import { PostgresInbox } from './postgres-inbox.ts';
import { PostgresLeases } from './postgres-leases.ts';
import { PostgresOutboxRows } from './postgres-outbox-rows.ts';
import { PostgresParkingLot } from './postgres-parking-lot.ts';
import { PostgresReceipts } from './postgres-receipts.ts';
import { PostgresRegistrations } from './postgres-registrations.ts';
import type { Receipts } from './receipts.ts';
import type { Registrations } from './registration.ts';

/** Where a service keeps its messages: all of it in one database, so that it commits together with the business. */
export interface MessageStorage {
  readonly work: UnitOfWork;
  readonly outbox: OutboxRows;
  readonly registrations: Registrations;
  readonly leases: Leases;
  readonly receipts: Receipts;
  inbox(consumer: string): Inbox;
  parkingLot(consumer: string, nextId: () => string): ParkingLot;
}

export const postgresMessageStorage = (db: Database): MessageStorage => ({
  work: db,
  outbox: new PostgresOutboxRows(db),
  registrations: new PostgresRegistrations(db),
  leases: new PostgresLeases(db),
  receipts: new PostgresReceipts(db),
  inbox: (consumer) => new PostgresInbox(db, consumer),
  parkingLot: (consumer, nextId) => new PostgresParkingLot(db, consumer, nextId),
});
