import type { Account, AccountCommand } from '../aggregates/account.aggregate.ts';
import type { AccountEvent } from '../events/account.events.ts';

/** An account as it stands at one version. */
export interface AccountSnapshot {
  readonly account: Account;
  readonly version: number;
  readonly createdAt: Date;
}

export interface LedgerEntry {
  readonly event: AccountEvent;
  readonly at: Date;
  readonly version: number;
}

/** Who has one account in each currency. */
export interface AccountOwner {
  readonly userId: string;
  readonly currency: string;
}

export interface AccountRepository {
  /** Opens an account; answers false if the user has one in this currency. */
  open(account: { accountId: string; userId: string; currency: string }, at: Date): Promise<boolean>;
  find(accountId: string, asOf?: Date): Promise<AccountSnapshot | undefined>;
  findIdOf(userId: string, currency: string): Promise<string | undefined>;
  /** The same for several at once, those that there are: within the transaction nobody asks for them again. */
  findIdsOf(owners: readonly AccountOwner[]): Promise<readonly string[]>;
  /** Loads several into the transaction at once. */
  prefetch(accountIds: readonly string[]): Promise<void>;
  /** Ids of the accounts of a user, oldest first. */
  listOf(userId: string, page: { limit: number; after?: string }): Promise<string[]>;
  /** Decides and appends what follows; ConcurrencyError if someone else was faster. */
  execute(
    accountId: string,
    command: AccountCommand,
  ): Promise<{ account: Account; events: readonly AccountEvent[]; version: number }>;
  /** Newest first, below `before`. */
  entries(accountId: string, page: { limit: number; before?: number }): Promise<LedgerEntry[]>;
}
