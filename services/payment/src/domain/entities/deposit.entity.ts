import type { Money } from '@ashlar/domain';

export type DepositStatus = 'pending' | 'completed' | 'declined';

export interface DepositState {
  readonly depositId: string;
  readonly accountId: string;
  readonly userId: string;
  readonly amount: Money;
  /** Kept only while the deposit is pending. */
  readonly cardToken?: string;
  readonly status: DepositStatus;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
}

/** Money on its way from a card to an account: pending until the card processor has spoken. */
export class Deposit {
  private constructor(private current: DepositState) {}

  static begin(draft: Omit<DepositState, 'status' | 'createdAt' | 'updatedAt' | 'version'>, at: Date): Deposit {
    const time = at.toISOString();
    return new Deposit({ ...draft, status: 'pending', createdAt: time, updatedAt: time, version: 0 });
  }

  static restore(state: DepositState): Deposit {
    return new Deposit(state);
  }

  get state(): DepositState {
    return this.current;
  }

  get isPending(): boolean {
    return this.current.status === 'pending';
  }

  finish(status: 'completed' | 'declined', at: Date): void {
    const { cardToken: _, ...state } = this.current;
    this.current = { ...state, status, updatedAt: at.toISOString() };
  }
}
