import { contractSuite } from '@ashlar/postgres/contract-suites';
import { inboxRules } from './inbox.contract.ts';
import { leasesRules } from './leases.contract.ts';
import type { MessageStage } from './message-stage.fixtures.ts';
import { outboxRules } from './outbox.contract.ts';
import { parkingLotRules } from './parking-lot.contract.ts';
import { receiptsRules } from './receipts.contract.ts';
import { registrationsRules } from './registrations.contract.ts';

/** What every storage of messages promises: outbox, inbox, parking lot, registrations, leases and receipts. */
export const messageStorageContract = contractSuite<MessageStage>(
  ...outboxRules,
  ...inboxRules,
  ...parkingLotRules,
  registrationsRules,
  leasesRules,
  receiptsRules,
);
