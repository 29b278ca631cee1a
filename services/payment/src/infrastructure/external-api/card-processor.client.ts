import { type HttpClient, UnavailableError } from '@ashlar/resilience';
import type { CardProcessor, Charge, ChargeOutcome } from '../../application/ports/card-processor.interface.ts';

export interface CardProcessorClients {
  /** For customers who wait: it gives up early, and fails fast while its circuit is open. */
  readonly prompt: HttpClient;
  /** For jobs: it can wait for a slow processor. */
  readonly patient: HttpClient;
}

/** The card processor over HTTP; its fallback is that nobody knows yet. */
export class HttpCardProcessor implements CardProcessor {
  constructor(private readonly clients: CardProcessorClients) {}

  async charge(
    { depositId, amount, cardToken }: Charge,
    { patient }: { patient: boolean },
  ): Promise<ChargeOutcome | 'unknown'> {
    const client = patient ? this.clients.patient : this.clients.prompt;
    try {
      const { status, body } = await client.request({
        method: 'POST',
        path: '/charges',
        headers: { 'idempotency-key': depositId },
        body: { amount, cardToken },
        idempotent: true,
      });
      return outcomeOf(status, body);
    } catch (error) {
      if (error instanceof UnavailableError) return 'unknown';
      throw error;
    }
  }
}

function outcomeOf(status: number, body: unknown): ChargeOutcome | 'unknown' {
  const said = (body as { status?: unknown } | null)?.status;
  if (status === 201 && said === 'accepted') return 'accepted';
  if (status === 402 && said === 'declined') return 'declined';
  return 'unknown';
}
