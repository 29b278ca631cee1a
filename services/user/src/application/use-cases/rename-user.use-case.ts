import type { Transactions } from '@ashlar/domain';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { UserResponseDTO } from '../dtos/user.dto.ts';
import type { UserMapper } from '../mappers/user.mapper.ts';

export class RenameUserUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly mapper: UserMapper,
  ) {}

  /** Without a name, nothing changes. */
  async execute({ userId, name }: { userId: string; name?: string }): Promise<UserResponseDTO> {
    return this.transactions.transaction(async () => {
      const user = await this.users.find(userId);
      if (!user) throw UserError.gone();
      if (name !== undefined) {
        user.rename(name);
        await this.users.save(user);
      }
      return this.mapper.toResponseDTO(user);
    });
  }
}
