import type { Session } from '../entities/session.entity.ts';

export interface SessionRepository {
  find(id: string): Promise<Session | undefined>;

  /** The session that has given out this refresh token, spent or not. */
  findByToken(tokenHash: string): Promise<Session | undefined>;

  save(session: Session): Promise<void>;
  removeAllOf(userId: string, except?: { readonly sessionId: string }): Promise<void>;

  /** Removes some of those that have expired by then; answers how many. */
  removeExpired(by: Date): Promise<number>;
}
