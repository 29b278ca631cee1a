import { CommitStock, ReleaseStock, ReserveStock } from '@ashlar/contracts/inventory';
import { on } from '@ashlar/messaging';
import type { InventoryApplication } from '../../application/inventory.application.ts';

/** What others may ask of this service by message. */
export const inventoryCommands = ({ reserveStock, releaseStock, commitStock }: InventoryApplication) => [
  on(ReserveStock, ({ data }) => reserveStock.execute({ ...data, saga: 'orchestration' })),
  on(ReleaseStock, ({ data }) => releaseStock.execute(data)),
  on(CommitStock, ({ data }) => commitStock.execute(data)),
];
