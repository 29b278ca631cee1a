import type { TestContext } from 'node:test';
import { useDatabase } from './database.fixtures.ts';
import { type DatabaseOptions, PostgresDatabase } from './database.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.fixtures.ts';
import { databaseMissing } from './test-database.ts';
import { RANK, type Statement, type WriteBuffer } from './transaction.ts';
import { unitOfWorkContract, unknownCommitContract } from './unit-of-work.contract.ts';
import type { UnitOfWorkStage } from './unit-of-work-stage.fixtures.ts';

const database = useDatabase();

/** Lines in a table, each a statement. */
class LineBuffer implements WriteBuffer {
  readonly name = 'lines';
  readonly statements: Statement[] = [];

  constructor(readonly rank: number) {}

  mark(): number {
    return this.statements.length;
  }

  restore(mark: unknown): void {
    this.statements.length = mark as number;
  }

  flush(): readonly Statement[] {
    return this.statements;
  }
}

async function aStage(t: TestContext, options: Partial<DatabaseOptions> = {}): Promise<UnitOfWorkStage> {
  await database.db.execute('drop table if exists lines');
  await database.db.execute('create table lines (position bigserial, line text not null)');
  const errors: unknown[] = [];
  const { url } = database.server;
  const db = new PostgresDatabase({ url, onError: (error) => errors.push(error), ...options });
  t.after(() => db.close());
  const owners = new Map<number, object>();
  return {
    work: db,
    errors,
    write(line, { rank = RANK.others, loses = false } = {}) {
      const owner = owners.get(rank) ?? {};
      owners.set(rank, owner);
      const where = loses ? 'where false' : '';
      db.buffer(owner, () => new LineBuffer(rank)).statements.push({
        sql: `insert into lines (line) select $1 ${where}`,
        values: [line],
        rows: 1,
        what: 'The line',
      });
    },
    async lines() {
      const rows = await db.query<{ line: string }>('select line from lines order by position');
      return rows.map(({ line }) => line);
    },
  };
}

const unanswered = (trouble: (proxy: TcpProxy) => void) => async (t: TestContext) => {
  const proxy = await startTcpProxy(database.server.url);
  t.after(() => proxy.close());
  const stage = await aStage(t, { url: proxy.url });
  trouble(proxy);
  return stage;
};

const skip = databaseMissing;
unitOfWorkContract('PostgreSQL', { makeStage: (t) => aStage(t), skip });
const troubles = { 'whose answer is lost': 'loseAnswerToCommit', 'that is lost on its way': 'loseCommit' } as const;
for (const [name, trouble] of Object.entries(troubles))
  unknownCommitContract(`PostgreSQL, a commit ${name}`, { makeStage: unanswered((proxy) => proxy[trouble]()), skip });
