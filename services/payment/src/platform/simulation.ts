import type { SimulatedDefinition, SimulatedPlatform } from '@ashlar/simulation';
import type { PaymentApplication } from '../application/payment.application.ts';
import type { CardProcessor, Charge, ChargeOutcome } from '../application/ports/card-processor.interface.ts';
import { QueuedDepositJobs } from '../infrastructure/external-api/deposit-jobs.impl.ts';
import { createPaymentService } from './composition-root.ts';
import {
  MemoryAccountRepository,
  MemoryDepositRepository,
  MemoryPaymentRepository,
} from './simulation.repositories.ts';

export {
  ACCOUNTS,
  DEPOSITS,
  PAYMENTS,
  type StoredAccount,
  type StoredDeposit,
  type StoredPayment,
} from './simulation.repositories.ts';
export type { PaymentApplication };

/** What the world outside has charged, whatever became of its answers. */
export type Charges = Map<string, Charge>;

class SimulatedCardProcessor implements CardProcessor {
  constructor(
    private readonly platform: SimulatedPlatform,
    private readonly charges: Charges,
  ) {}

  async charge(charge: Charge): Promise<ChargeOutcome | 'unknown'> {
    const effect = (): ChargeOutcome => {
      if (charge.cardToken === 'tok_declined') return 'declined';
      this.charges.set(charge.depositId, charge);
      return 'accepted';
    };
    return this.platform.outside('charges a card', effect).catch(() => 'unknown' as const);
  }
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedPaymentService = (charges: Charges): SimulatedDefinition<PaymentApplication> => ({
  name: 'payment',
  create: (platform) => {
    const { work, clock, ids, jobs } = platform;
    const { application, consumers } = createPaymentService({
      transactions: work,
      accounts: new MemoryAccountRepository(platform),
      payments: new MemoryPaymentRepository(platform),
      deposits: new MemoryDepositRepository(platform),
      cardProcessor: new SimulatedCardProcessor(platform, charges),
      clock,
      ids,
      depositJobs: (finish) => new QueuedDepositJobs(jobs.queue({ name: 'finish-deposits' }, finish)),
      breakers: () => [],
      close: async () => {},
    });
    return { app: application, consumers };
  },
});
