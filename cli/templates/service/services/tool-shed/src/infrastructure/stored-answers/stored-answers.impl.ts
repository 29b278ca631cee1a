import { forgetCaller } from '@ashlar/http';
import type { Database } from '@ashlar/postgres';
import type { StoredAnswers } from '../../application/ports/stored-answers.interface.ts';

export class PostgresStoredAnswers implements StoredAnswers {
  constructor(private readonly db: Database) {}

  async forget(caller: string): Promise<void> {
    await forgetCaller(this.db, caller);
  }
}
