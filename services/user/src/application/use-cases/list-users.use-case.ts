import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { UserResponseDTO } from '../dtos/user.dto.ts';
import type { UserMapper } from '../mappers/user.mapper.ts';

export class ListUsersUseCase {
  constructor(
    private readonly users: UserRepository,
    private readonly mapper: UserMapper,
  ) {}

  /** Newest first. */
  async execute(page: { limit: number; before?: string }): Promise<UserResponseDTO[]> {
    return (await this.users.list(page)).map((user) => this.mapper.toResponseDTO(user));
  }
}
