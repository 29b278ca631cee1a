import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { emailAddress } from '../../domain/entities/email-address.ts';
import { wrongPassword } from '../../domain/entities/password.ts';
import { User } from '../../domain/entities/user.entity.ts';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { PasswordHasher } from '../ports/password-hasher.interface.ts';

export interface Administrator {
  readonly email: string;
  readonly password: string;
}

/** Sees to it that there is this administrator. The password of a user who exists is never changed. */
export class EnsureAdministratorUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly passwords: PasswordHasher,
    private readonly world: { readonly clock: Clock; readonly ids: Ids },
  ) {}

  async execute({ email, password }: Administrator): Promise<void> {
    const exists = await this.transactions.transaction(() => this.#promote(emailAddress(email)));
    if (exists) return;
    const wrong = wrongPassword(password);
    if (wrong) throw UserError.invalid(`of the administrator is incomplete: the password ${wrong}`);
    const passwordHash = await this.passwords.hash(password);
    const { clock, ids } = this.world;
    const draft = { id: ids.next(), email, name: 'Administrator', role: 'admin', passwordHash } as const;
    await this.users.save(User.register(draft, clock.now()));
  }

  async #promote(email: string): Promise<boolean> {
    const user = await this.users.findByEmail(email);
    if (!user) return false;
    if (user.isAdmin) return true;
    user.changeRole('admin', 0);
    await this.users.save(user);
    return true;
  }
}
