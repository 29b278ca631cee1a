import { databaseMissing } from '@ashlar/postgres';
import { PostgresSagaStore } from './postgres-saga-store.ts';
import { type Replica, useReplicas } from './runtime.fixtures.ts';
import { type SagaStage, sagaStoreContract } from './saga-store.contract.ts';

const setUp = useReplicas();

/** What is kept gets older instead of the clock going on. */
const AGEING = `update sagas set deadline = deadline - age, started_at = started_at - age, updated_at = updated_at - age
  from (select $1 * interval '1 ms' as age) as given`;

const stageOf = ({ db }: Replica, another: () => Replica): SagaStage => ({
  work: db,
  store: (name) => new PostgresSagaStore(db, name),
  another: () => stageOf(another(), another),
  passes: async (ms) => {
    // Of the world's, not of a transaction's that is open.
    const other = another();
    await other.db.execute(AGEING, [ms]);
  },
});

sagaStoreContract('PostgreSQL', {
  makeStage: async (t) => {
    const replica = await setUp(t);
    return stageOf(replica(), replica);
  },
  skip: databaseMissing,
});
