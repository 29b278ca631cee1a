import type { JobQueue } from '@ashlar/jobs';
import type { DepositJobs } from '../../application/ports/deposit-jobs.interface.ts';

/** The request that begins a deposit has this long to finish it itself. */
const GRACE_MS = 5_000;

export class QueuedDepositJobs implements DepositJobs {
  constructor(private readonly queue: JobQueue<{ depositId: string }>) {}

  async finishLater(depositId: string): Promise<void> {
    await this.queue.enqueue({ id: depositId, data: { depositId }, afterMs: GRACE_MS });
  }
}
