import type { Transactions } from '@ashlar/domain';
import type { Role } from '../../domain/entities/user.entity.ts';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { UserResponseDTO } from '../dtos/user.dto.ts';
import type { UserMapper } from '../mappers/user.mapper.ts';

export class ChangeRoleUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly mapper: UserMapper,
  ) {}

  async execute({ userId, role }: { userId: string; role: Role }): Promise<UserResponseDTO> {
    return this.transactions.transaction(async () => {
      const user = await this.users.find(userId);
      if (!user) throw UserError.notFound(userId);
      if (user.state.role !== role) {
        user.changeRole(role, await this.users.countOtherAdministrators(userId));
        await this.users.save(user);
      }
      return this.mapper.toResponseDTO(user);
    });
  }
}
