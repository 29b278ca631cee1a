import type { Ids } from '@ashlar/domain';
import { emailAddress } from '../../domain/entities/email-address.ts';
import { Session } from '../../domain/entities/session.entity.ts';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { SessionResponseDTO } from '../dtos/session.dto.ts';
import type { PasswordHasher } from '../ports/password-hasher.interface.ts';
import type { Tokens } from '../ports/tokens.interface.ts';

export interface SignInPorts {
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly passwords: PasswordHasher;
  readonly tokens: Tokens;
  readonly ids: Ids;
}

/** The answer and its time are the same for a wrong password and for an e-mail address that nobody has. */
export class SignInUseCase {
  constructor(private readonly ports: SignInPorts) {}

  async execute({ email, password }: { email: string; password: string }): Promise<SessionResponseDTO> {
    const { users, sessions, passwords, tokens, ids } = this.ports;
    const user = await users.findByEmail(emailAddress(email));
    const matches = await passwords.verify(password, user?.state.passwordHash);
    if (!user || !matches) throw UserError.invalidCredentials();

    // That took its time: the password, or the role that the token tells, may be another one by now.
    const { id: userId, passwordVersion } = user.state;
    const current = await users.find(userId);
    if (current?.state.passwordVersion !== passwordVersion) throw UserError.invalidCredentials();
    const { role } = current.state;
    const { token: refreshToken, ...turn } = tokens.refreshToken();
    const session = Session.open({ id: ids.next(), userId, passwordVersion }, turn);
    await sessions.save(session);
    const { token: accessToken, expiresIn } = await tokens.accessToken({ userId, role, sessionId: session.state.id });
    return { accessToken, refreshToken, tokenType: 'Bearer', expiresIn };
  }
}
