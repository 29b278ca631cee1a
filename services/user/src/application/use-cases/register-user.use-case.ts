import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { emailAddress } from '../../domain/entities/email-address.ts';
import { User } from '../../domain/entities/user.entity.ts';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { UserResponseDTO } from '../dtos/user.dto.ts';
import type { UserMapper } from '../mappers/user.mapper.ts';

export interface RegisterUser {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
}

/** Two at the same moment with one e-mail address are told apart by its unique index. */
export class RegisterUserUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly mapper: UserMapper,
    private readonly world: { readonly clock: Clock; readonly ids: Ids },
  ) {}

  async execute(command: RegisterUser): Promise<UserResponseDTO> {
    const { clock, ids } = this.world;
    return this.transactions.transaction(async () => {
      if (await this.users.findByEmail(emailAddress(command.email))) throw UserError.emailTaken();
      const user = User.register({ ...command, id: ids.next(), role: 'customer' }, clock.now());
      await this.users.save(user);
      return this.mapper.toResponseDTO(user);
    });
  }
}
