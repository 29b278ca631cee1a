import type { Deposit } from '../entities/deposit.entity.ts';

export interface DepositRepository {
  /** The sum of what is pending for an account. Until the end of the transaction nobody else begins a deposit there. */
  pendingOf(accountId: string): Promise<number>;
  find(depositId: string): Promise<Deposit | undefined>;
  save(deposit: Deposit): Promise<void>;
}
