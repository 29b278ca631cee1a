import type { User } from '../entities/user.entity.ts';

export interface UserRepository {
  find(id: string): Promise<User | undefined>;
  findByEmail(email: string): Promise<User | undefined>;

  /** Newest first, below the id `before`. */
  list(page: { limit: number; before?: string }): Promise<User[]>;

  /** How many administrators there are besides this one; it stays true until the end of the transaction. */
  countOtherAdministrators(id: string): Promise<number>;

  /** Stores the user and what there is to tell others in one transaction. */
  save(user: User): Promise<void>;

  /** Keeps the id and nothing else; the e-mail address is free again. */
  erase(user: User): Promise<void>;
}
