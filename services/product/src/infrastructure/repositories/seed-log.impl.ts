import type { Clock } from '@ashlar/domain';
import type { Database } from '@ashlar/postgres';
import type { SeedLog } from '../../application/ports/seed-log.interface.ts';

export class PostgresSeedLog implements SeedLog {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async claim(name: string): Promise<boolean> {
    const rows = await this.db.execute(
      'insert into seeds (name, at) values ($1, $2) on conflict do nothing returning name',
      [name, this.clock.now()],
    );
    return rows.length > 0;
  }
}
