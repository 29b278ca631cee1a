import { UserError } from '../errors/user.errors.ts';
import type { UserEvent } from '../events/user.events.ts';
import { emailAddress, wrongEmail } from './email-address.ts';

export type Role = 'customer' | 'admin';

export interface UserDraft {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
}

export interface UserState extends UserDraft {
  /** Counts the passwords: a session that was begun with an earlier one has ended. */
  readonly passwordVersion: number;
  readonly createdAt: string;
  readonly version: number;
}

const LONGEST_NAME = 200;
const CONTROL = /\p{Cc}/u;

/** What is wrong with a name, in words. */
export function wrongName(text: string): string | undefined {
  const name = text.trim();
  const length = name.length > 2 * LONGEST_NAME ? Number.POSITIVE_INFINITY : [...name].length;
  if (length < 1 || length > LONGEST_NAME) return `must have 1 to ${LONGEST_NAME} characters besides white space`;
  return CONTROL.test(name) ? 'must not have control characters' : undefined;
}

/** Someone who can sign in: a customer, or an administrator. */
export class User {
  readonly #events: UserEvent[] = [];

  private constructor(private current: UserState) {}

  static register({ email, name, ...draft }: UserDraft, at: Date): User {
    const wrong = wrongEmail(email) ?? wrongName(name);
    if (wrong) throw UserError.invalid(wrong);
    const profile = { ...draft, email: emailAddress(email), name: name.trim() };
    const user = new User({ ...profile, passwordVersion: 1, createdAt: at.toISOString(), version: 0 });
    user.#events.push({ type: 'UserRegistered', userId: draft.id });
    return user;
  }

  static restore(state: UserState): User {
    return new User(state);
  }

  get state(): UserState {
    return this.current;
  }

  get isAdmin(): boolean {
    return this.current.role === 'admin';
  }

  rename(name: string): void {
    const wrong = wrongName(name);
    if (wrong) throw UserError.invalid(wrong);
    this.#become({ name: name.trim() });
  }

  changePassword(passwordHash: string): void {
    this.#become({ passwordHash, passwordVersion: this.current.passwordVersion + 1 });
  }

  changeRole(role: Role, otherAdministrators: number): void {
    if (role === 'customer') this.#leaveTheAdministrators(otherAdministrators);
    this.#become({ role });
  }

  /** The last verb of a user's life; `UserRepository.erase` removes the personal data. */
  erase(otherAdministrators: number): void {
    this.#leaveTheAdministrators(otherAdministrators);
    this.#events.push({ type: 'UserErased', userId: this.current.id });
  }

  /** The events since the user was loaded, handed over once. */
  takeEvents(): UserEvent[] {
    return this.#events.splice(0);
  }

  #leaveTheAdministrators(others: number): void {
    if (this.isAdmin && others === 0) throw UserError.lastAdmin();
  }

  #become(change: Partial<UserState>): void {
    this.current = { ...this.current, ...change };
  }
}
