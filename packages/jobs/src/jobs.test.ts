import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jobsContract } from './jobs.contract.ts';
import { onPostgres, TemporaryDatabase } from './jobs.fixtures.ts';

let database: TemporaryDatabase;
before(async () => {
  database = await TemporaryDatabase.create();
});
after(() => database.drop());

/** Another process, in the middle of the job `order-1` of this queue, for ever. */
async function busyProcess(queue: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./busy-process.fixtures.js', import.meta.url)), [database.url, queue]);
  await once(child, 'message');
  return child;
}

jobsContract('pg-boss', {
  makeStage: async (t) => {
    t.after(() => database.stopJobs());
    return {
      work: database.db,
      jobs: () => database.jobs(),
      async died(queue) {
        const child = await busyProcess(queue);
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      },
      now: () => performance.now(),
    };
  },
  ...(onPostgres.skip && { skip: onPostgres.skip }),
});
