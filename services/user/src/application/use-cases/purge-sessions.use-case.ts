import type { Clock } from '@ashlar/domain';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';

/** Forgets the sessions that have expired. */
export class PurgeSessionsUseCase {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    let removed: number;
    do removed = await this.sessions.removeExpired(this.clock.now());
    while (removed > 0);
  }
}
