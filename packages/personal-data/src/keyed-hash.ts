import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from '@ashlar/postgres';
import { KEY_BYTES } from './cipher.ts';

/** What is stored sealed is found by this: nobody tells what a hash stands for without the secret of its service. */
export class KeyedHash {
  #secret: Buffer | undefined;

  constructor(
    private readonly db: Database,
    /** What is hashed; each has a secret of its own. */
    private readonly name: string,
  ) {}

  async of(text: string): Promise<string> {
    const secret = this.#secret ?? (await this.#load());
    return createHmac('sha256', secret).update(text).digest('base64url');
  }

  /** Made by whoever comes first, and remembered once that is committed: a transaction that fails has made none. */
  async #load(): Promise<Buffer> {
    const find = () =>
      this.db.query<{ secret: Buffer }>('select secret from personal_secrets where name = $1', [this.name]);
    let [row] = await find();
    if (!row) {
      const sql = 'insert into personal_secrets (name, secret) values ($1, $2) on conflict do nothing';
      await this.db.execute(sql, [this.name, randomBytes(KEY_BYTES)]);
      [row] = await find();
    }
    const { secret } = row!;
    this.db.afterCommit(() => {
      this.#secret = secret;
    });
    return secret;
  }
}
