import type { Money } from '@ashlar/domain';

/** An account as clients see it. */
export interface AccountResponseDTO {
  readonly id: string;
  readonly userId: string;
  readonly currency: string;
  readonly balance: Money;
  readonly reserved: Money;
  readonly available: Money;
  readonly version: number;
  readonly createdAt: Date;
}

export interface EntryResponseDTO {
  readonly type: string;
  readonly amount: Money;
  readonly balanceAfter: Money;
  readonly orderId?: string;
  readonly at: Date;
  readonly version: number;
}

export interface DepositResponseDTO {
  readonly depositId: string;
  readonly status: 'pending' | 'completed' | 'declined';
  readonly amount: Money;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface WithdrawalResponseDTO {
  readonly withdrawalId: string;
  readonly balance: Money;
}
