import type { Clock, Transactions } from '@ashlar/domain';
import type { TokenTurn } from '../../domain/entities/session.entity.ts';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { SessionResponseDTO } from '../dtos/session.dto.ts';
import type { AccessClaims, Tokens } from '../ports/tokens.interface.ts';

export interface RefreshPorts {
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

type Turned = { readonly claims: AccessClaims } | { readonly endedSessionId: string } | 'invalid';

/** Trades a refresh token for a new pair. Of two who trade the same one, the second ends the session for both. */
export class RefreshSessionUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly ports: RefreshPorts,
  ) {}

  async execute(refreshToken: string): Promise<SessionResponseDTO> {
    const { tokens } = this.ports;
    const presented = tokens.hashOf(refreshToken);
    const { token: nextToken, ...next } = tokens.refreshToken();
    // The refusal comes after the commit: thrown inside, it would take the revocation back.
    const turned = await this.transactions.transaction(() => this.#turn(presented, next));
    if (turned === 'invalid') throw UserError.invalidRefreshToken();
    if ('endedSessionId' in turned) throw Object.assign(UserError.tokenReused(), turned);
    const { token: accessToken, expiresIn } = await tokens.accessToken(turned.claims);
    return { accessToken, refreshToken: nextToken, tokenType: 'Bearer', expiresIn };
  }

  async #turn(presented: string, next: TokenTurn): Promise<Turned> {
    const { users, sessions, clock } = this.ports;
    const session = await sessions.findByToken(presented);
    const user = session && (await users.find(session.state.userId));
    if (!user) return 'invalid';
    const { id: userId, role, passwordVersion } = user.state;
    const outcome = session.refresh(presented, next, { now: clock.now(), passwordVersion });
    if (outcome !== 'invalid') await sessions.save(session);
    const sessionId = session.state.id;
    if (outcome === 'reused') return { endedSessionId: sessionId };
    return outcome === 'refreshed' ? { claims: { userId, role, sessionId } } : outcome;
  }
}
