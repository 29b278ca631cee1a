import { AccountError } from '../../domain/errors/account.errors.ts';
import type { DepositRepository } from '../../domain/repositories/deposit.repository.interface.ts';
import type { DepositResponseDTO } from '../dtos/account.dto.ts';
import type { AccountMapper } from '../mappers/account.mapper.ts';
import type { Viewer } from './view-account.use-case.ts';

export class ViewDepositUseCase {
  constructor(
    private readonly deposits: DepositRepository,
    private readonly mapper: AccountMapper,
  ) {}

  async execute(ids: { depositId: string; accountId: string }, viewer: Viewer): Promise<DepositResponseDTO> {
    const deposit = await this.deposits.find(ids.depositId);
    if (deposit?.state.accountId !== ids.accountId) throw AccountError.depositNotFound(ids.depositId);
    if (deposit.state.userId !== viewer.id && viewer.role !== 'admin') throw AccountError.notYours();
    return this.mapper.toDepositDTO(deposit);
  }

  /** A declined card is told as a refusal. */
  refuseDeclined(status: DepositResponseDTO['status']): void {
    if (status === 'declined') throw AccountError.cardDeclined();
  }
}
