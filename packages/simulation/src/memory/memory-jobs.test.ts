import { type JobsStage, jobsContract } from '@ashlar/jobs/contract-suites';
import { aSimulatedPlatform } from '../standalone-platform.ts';
import { MemoryJobs } from './memory-jobs.ts';

jobsContract('memory', {
  makeStage: async (t): Promise<JobsStage> => {
    const { work, stored, world, another } = aSimulatedPlatform(t);
    return {
      work,
      jobs: () => new MemoryJobs(work, stored.jobs),
      async died(queue) {
        const { jobs, instance } = another();
        const begun = Promise.withResolvers<void>();
        const { enqueue } = jobs.queue({ name: queue }, () => {
          begun.resolve();
          return new Promise(() => {});
        });
        await jobs.start();
        await enqueue({ id: 'order-1', data: {} });
        await begun.promise;
        instance.die('killed');
      },
      now: () => world.now,
    };
  },
});
