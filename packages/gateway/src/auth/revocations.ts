import type { News } from '../cluster/cluster.ts';
import { BoundedMap } from '../limits/bounded-map.ts';
import { CurrentRoles, type RoleChange } from './current-roles.ts';
import type { Identity } from './identity.ts';

/**
 * What an answer has ended: the caller's session, all of the caller, all but this one, the one that it names, or the
 * role that a user had whom it names.
 */
export type Ending = 'session' | 'user' | 'other-sessions' | 'named-session' | 'former-role';

interface UserRevocation {
  readonly atMs: number;
  readonly except: string | undefined;
}

const REMEMBERED = 100_000;

/**
 * Sessions that have ended, and roles that have changed, before their tokens expire. A session's id is a UUIDv7, which
 * tells when it began: of a user whose sessions end, those that begin afterwards are good.
 */
export class Revocations {
  readonly #sessions = new BoundedMap<true>(REMEMBERED);
  readonly #users = new BoundedMap<UserRevocation>(REMEMBERED);
  readonly #roles = new CurrentRoles();
  /** Called when others are revoked than before. */
  onEnded: () => void = () => {};

  constructor(private readonly tell: (news: News) => void = () => {}) {}

  endSession(sessionId: string): void {
    this.#sessions.set(sessionId, true);
    this.tell({ kind: 'session-ended', sessionId });
    this.onEnded();
  }

  endUser(userId: string, { atMs, except }: { readonly atMs: number; readonly except?: string | undefined }): void {
    this.#users.set(userId, { atMs, except });
    this.tell({ kind: 'user-ended', userId, atMs, ...(except !== undefined && { except }) });
    this.onEnded();
  }

  changeRole(change: RoleChange): void {
    this.#roles.note(change);
    this.tell({ kind: 'role-changed', ...change });
    this.onEnded();
  }

  /** Another gateway has learned it. */
  heard(news: News): void {
    if (news.kind === 'session-ended') this.#sessions.set(news.sessionId, true);
    else if (news.kind === 'user-ended') this.#heardOfUser(news);
    else if (news.kind === 'role-changed') this.#roles.note(news);
    else return;
    this.onEnded();
  }

  #heardOfUser({ userId, atMs, except }: Extract<News, { kind: 'user-ended' }>): void {
    if ((this.#users.get(userId)?.atMs ?? 0) <= atMs) this.#users.set(userId, { atMs, except });
  }

  /** The caller as of now; undefined when the session has ended. */
  standing(identity: Identity): Identity | undefined {
    return this.#hasEnded(identity) ? undefined : this.#roles.of(identity);
  }

  #hasEnded({ id, sessionId }: Identity): boolean {
    if (sessionId === undefined) return false;
    if (this.#sessions.get(sessionId)) return true;
    const user = this.#users.get(id);
    return user !== undefined && user.except !== sessionId && beganAtMs(sessionId) <= user.atMs;
  }
}

const beganAtMs = (uuid: string): number => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16) || 0;
