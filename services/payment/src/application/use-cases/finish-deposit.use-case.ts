import { type Clock, DomainError, type Transactions } from '@ashlar/domain';
import type { Deposit } from '../../domain/entities/deposit.entity.ts';
import { AccountError } from '../../domain/errors/account.errors.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../../domain/repositories/deposit.repository.interface.ts';
import type { DepositResponseDTO } from '../dtos/account.dto.ts';
import type { AccountMapper } from '../mappers/account.mapper.ts';
import type { CardProcessor, ChargeOutcome } from '../ports/card-processor.interface.ts';

export interface FinishDepositPorts {
  readonly deposits: DepositRepository;
  readonly accounts: AccountRepository;
  readonly cardProcessor: CardProcessor;
  readonly clock: Clock;
  readonly mapper: AccountMapper;
}

/**
 * Charges the card and books the money. The deposit is the processor's idempotency key, and its row lets the money in
 * once, so this may be tried any number of times, by anybody, at once.
 */
export class FinishDepositUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly ports: FinishDepositPorts,
  ) {}

  /** Answers the deposit as it stands afterwards: still pending when the processor did not give a clear answer. */
  async execute({ depositId, patient }: { depositId: string; patient: boolean }): Promise<DepositResponseDTO> {
    const { deposits, cardProcessor, mapper } = this.ports;
    const deposit = await this.#find(depositId);
    const { amount, cardToken } = deposit.state;
    if (!deposit.isPending || cardToken === undefined) return mapper.toDepositDTO(deposit);
    const outcome = await cardProcessor.charge({ depositId, amount, cardToken }, { patient });
    if (outcome === 'unknown') return mapper.toDepositDTO((await deposits.find(depositId)) ?? deposit);
    try {
      return mapper.toDepositDTO(await this.#book(depositId, outcome));
    } catch (error) {
      // The card is charged. A client that is told of a failure might deposit again; the job books what is pending.
      if (patient || error instanceof DomainError) throw error;
      return mapper.toDepositDTO(deposit);
    }
  }

  /** For the job: throws while the processor has not spoken, so that it is tried again. */
  async settle(depositId: string): Promise<void> {
    const { status } = await this.execute({ depositId, patient: true });
    if (status === 'pending') throw AccountError.cardProcessorAway();
  }

  async #book(depositId: string, outcome: ChargeOutcome): Promise<Deposit> {
    const { deposits, accounts, clock } = this.ports;
    return this.transactions.transaction(async () => {
      const deposit = await this.#find(depositId);
      if (!deposit.isPending) return deposit;
      const { accountId, amount } = deposit.state;
      deposit.finish(outcome === 'accepted' ? 'completed' : 'declined', clock.now());
      await deposits.save(deposit);
      if (outcome === 'accepted')
        await accounts.execute(accountId, { type: 'Deposit', depositId, amount: amount.amount });
      return deposit;
    });
  }

  async #find(depositId: string): Promise<Deposit> {
    const deposit = await this.ports.deposits.find(depositId);
    if (!deposit) throw AccountError.depositNotFound(depositId);
    return deposit;
  }
}
