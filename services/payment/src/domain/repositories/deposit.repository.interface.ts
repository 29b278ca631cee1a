import type { Deposit } from '../entities/deposit.entity.ts';

export interface DepositRepository {
  find(depositId: string): Promise<Deposit | undefined>;
  save(deposit: Deposit): Promise<void>;
}
