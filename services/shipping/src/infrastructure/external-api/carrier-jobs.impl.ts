import type { JobQueue } from '@ashlar/jobs';
import type { CarrierJobs } from '../../application/ports/carrier-jobs.interface.ts';

type ForOrder = { readonly orderId: string };

export class QueuedCarrierJobs implements CarrierJobs {
  constructor(
    private readonly queues: { readonly bookings: JobQueue<ForOrder>; readonly cancellations: JobQueue<ForOrder> },
  ) {}

  async book(orderId: string): Promise<void> {
    await this.queues.bookings.enqueue({ id: orderId, data: { orderId } });
  }

  async cancel(orderId: string): Promise<void> {
    await this.queues.cancellations.enqueue({ id: orderId, data: { orderId } });
  }
}
