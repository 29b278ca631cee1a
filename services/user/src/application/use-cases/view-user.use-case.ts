import type { User } from '../../domain/entities/user.entity.ts';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { VersionedUserDTO } from '../dtos/user.dto.ts';
import type { UserMapper } from '../mappers/user.mapper.ts';

/** Who may see whom: oneself, and administrators everyone. */
export class ViewUserUseCase {
  constructor(
    private readonly users: UserRepository,
    private readonly mapper: UserMapper,
  ) {}

  async execute(id: string, viewerId: string): Promise<VersionedUserDTO> {
    const viewer = await this.users.find(viewerId);
    if (!viewer) throw UserError.gone();
    if (id === viewerId) return this.#versioned(viewer);
    if (!viewer.isAdmin) throw UserError.notYou();
    const user = await this.users.find(id);
    if (!user) throw UserError.notFound(id);
    return this.#versioned(user);
  }

  #versioned(user: User): VersionedUserDTO {
    return { user: this.mapper.toResponseDTO(user), version: user.state.version };
  }
}
