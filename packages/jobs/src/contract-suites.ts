export { type JobsStage, jobsContract } from './jobs.contract.ts';
