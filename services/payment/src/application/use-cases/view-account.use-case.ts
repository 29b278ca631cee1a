import { AccountError } from '../../domain/errors/account.errors.ts';
import type { AccountRepository, AccountSnapshot } from '../../domain/repositories/account.repository.interface.ts';
import type { AccountResponseDTO, EntryResponseDTO } from '../dtos/account.dto.ts';
import type { AccountMapper } from '../mappers/account.mapper.ts';

export interface Viewer {
  readonly id: string;
  readonly role: string;
}

/** What the owner of an account, or an administrator, may see of it. */
export class ViewAccountUseCase {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly mapper: AccountMapper,
  ) {}

  async execute(accountId: string, viewer: Viewer, asOf?: Date): Promise<AccountResponseDTO> {
    return this.mapper.toResponseDTO(await this.#find(accountId, viewer, asOf));
  }

  /** The accounts of a user, oldest first; those that were open by then. */
  async list(userId: string, page: { limit: number; after?: string; asOf?: Date }): Promise<AccountResponseDTO[]> {
    const ids = await this.accounts.listOf(userId, page);
    const accounts = await Promise.all(ids.map((id) => this.accounts.find(id, page.asOf)));
    return accounts.flatMap((account) => (account ? [this.mapper.toResponseDTO(account)] : []));
  }

  async entries(
    accountId: string,
    viewer: Viewer,
    page: { limit: number; before?: number },
  ): Promise<EntryResponseDTO[]> {
    const { account } = await this.#find(accountId, viewer);
    const entries = await this.accounts.entries(accountId, page);
    return entries.map((entry) => this.mapper.toEntryDTO(entry, account.currency));
  }

  async #find(accountId: string, viewer: Viewer, asOf?: Date): Promise<AccountSnapshot> {
    const found = await this.accounts.find(accountId, asOf);
    if (!found) throw AccountError.notFound(accountId);
    if (found.account.userId !== viewer.id && viewer.role !== 'admin') throw AccountError.notYours();
    return found;
  }
}
