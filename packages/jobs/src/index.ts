export {
  type AttemptObserver,
  type FailedAttempt,
  type FailedJob,
  GiveUp,
  type JobHandler,
  type JobQueue,
  type JobRun,
  type Jobs,
  type NewJob,
  type QueueCounts,
  type QueueOptions,
} from './jobs.ts';
export { createJobs, type JobsOptions } from './pg-boss-jobs.ts';
