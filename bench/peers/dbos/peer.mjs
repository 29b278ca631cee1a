import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';

/** Opens sagas of four steps in the database at `url`; `SagaPeer` in `bench/src/peers.ts` says what it answers. */
export async function open({ url, connections, insert, remove }) {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  pool.on('error', () => {});
  const query = (name, text, values) => pool.query({ name, text, values });
  const carryOut = DBOS.registerWorkflow(
    async (id, refused) => {
      const done = [];
      for (const step of [1, 2, 3, 4]) {
        if (step === refused) break;
        await DBOS.runStep(() => query('do', insert, [id, step]), { name: `do ${step}` });
        done.unshift(step);
      }
      if (refused === undefined) return;
      for (const step of done) await DBOS.runStep(() => query('undo', remove, [id, step]), { name: `undo ${step}` });
    },
    { name: 'carryOut' },
  );
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: connections,
    logLevel: 'error',
    runAdminServer: false,
  });
  await DBOS.launch();
  return {
    run: (id, refused) => DBOS.withNextWorkflowID(id, () => carryOut(id, refused)),
    async close() {
      await DBOS.shutdown();
      await pool.end();
    },
  };
}
