import { availableIn, reservedIn } from '../../domain/aggregates/account.aggregate.ts';
import type { Deposit } from '../../domain/entities/deposit.entity.ts';
import type { AccountSnapshot, LedgerEntry } from '../../domain/repositories/account.repository.interface.ts';
import type { AccountResponseDTO, DepositResponseDTO, EntryResponseDTO } from '../dtos/account.dto.ts';

export class AccountMapper {
  toResponseDTO({ account, version, createdAt }: AccountSnapshot): AccountResponseDTO {
    const { currency } = account;
    return {
      id: account.accountId,
      userId: account.userId,
      currency,
      balance: { amount: account.balance, currency },
      reserved: { amount: reservedIn(account), currency },
      available: { amount: availableIn(account), currency },
      version,
      createdAt,
    };
  }

  toEntryDTO({ event, at, version }: LedgerEntry, currency: string): EntryResponseDTO {
    return {
      type: event.type,
      amount: { amount: 'amount' in event ? event.amount : 0, currency },
      balanceAfter: { amount: event.balance, currency },
      ...('orderId' in event && { orderId: event.orderId }),
      at,
      version,
    };
  }

  toDepositDTO({ state }: Deposit): DepositResponseDTO {
    const { depositId, status, amount, createdAt, updatedAt } = state;
    return { depositId, status, amount, createdAt, updatedAt };
  }
}
