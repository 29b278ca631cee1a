import { BoundedMap } from '../limits/bounded-map.ts';
import type { Identity } from './identity.ts';

/** The role that a user has from this moment on. */
export interface RoleChange {
  readonly userId: string;
  readonly role: string;
  readonly atMs: number;
}

const REMEMBERED = 100_000;
/** Whoever was signing in just then may have been given the former role a moment later. */
const OVERLAP_MS = 2_000;

/** Roles that have changed since tokens were made that still tell the former ones. */
export class CurrentRoles {
  readonly #changes = new BoundedMap<RoleChange>(REMEMBERED);
  /** The same caller is told as the same object: what is made for a caller is kept by it. */
  readonly #told = new WeakMap<Identity, Identity>();

  /** Of two changes the newer one counts, in whatever order they are heard of. */
  note(change: RoleChange): void {
    if ((this.#changes.get(change.userId)?.atMs ?? 0) <= change.atMs) this.#changes.set(change.userId, change);
  }

  /** The caller with the role of now, whatever the token says. */
  of(identity: Identity): Identity {
    const change = this.#changes.get(identity.id);
    if (!change || hasOnly(identity, change.role) || isNewer(identity, change)) return identity;
    const told = this.#told.get(identity);
    if (told?.role === change.role) return told;
    const { roles: _, ...others } = identity;
    const current = { ...others, role: change.role };
    this.#told.set(identity, current);
    return current;
  }
}

const hasOnly = ({ role, roles = [] }: Identity, current: string): boolean =>
  [role, ...roles].every((one) => one === current);

const isNewer = ({ issuedAtMs }: Identity, { atMs }: RoleChange): boolean =>
  issuedAtMs !== undefined && issuedAtMs > atMs + OVERLAP_MS;
