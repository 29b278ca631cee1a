import { UserError } from '../../domain/errors/user.errors.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';

/** A token tells the role of up to 15 minutes ago; here, where it is known better, the present one counts. */
export class CheckAdministratorUseCase {
  constructor(private readonly users: UserRepository) {}

  async execute({ id }: { id: string }): Promise<void> {
    const user = await this.users.find(id);
    if (!user) throw UserError.gone();
    if (!user.isAdmin) throw UserError.notAdmin();
  }
}
