import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { EventArchive, eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import type { BreakerView, HostedArchive, Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { readMigrations } from '@ashlar/postgres';
import { createHttpClient } from '@ashlar/resilience';
import { outboundCalls } from '@ashlar/telemetry';
import { AccountMapper } from '../application/mappers/account.mapper.ts';
import type { PaymentApplication } from '../application/payment.application.ts';
import type { CardProcessor } from '../application/ports/card-processor.interface.ts';
import type { DepositJobs } from '../application/ports/deposit-jobs.interface.ts';
import { BeginDepositUseCase } from '../application/use-cases/begin-deposit.use-case.ts';
import { CapturePaymentUseCase } from '../application/use-cases/capture-payment.use-case.ts';
import { CloseAccountsUseCase } from '../application/use-cases/close-accounts.use-case.ts';
import { FinishDepositUseCase } from '../application/use-cases/finish-deposit.use-case.ts';
import { OpenAccountUseCase } from '../application/use-cases/open-account.use-case.ts';
import { PrefetchPaymentsUseCase } from '../application/use-cases/prefetch-payments.use-case.ts';
import { ReleasePaymentUseCase } from '../application/use-cases/release-payment.use-case.ts';
import { ReservePaymentUseCase } from '../application/use-cases/reserve-payment.use-case.ts';
import { ViewAccountUseCase } from '../application/use-cases/view-account.use-case.ts';
import { ViewDepositUseCase } from '../application/use-cases/view-deposit.use-case.ts';
import { WithdrawUseCase } from '../application/use-cases/withdraw.use-case.ts';
import type { AccountRepository } from '../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../domain/repositories/deposit.repository.interface.ts';
import type { PaymentRepository } from '../domain/repositories/payment.repository.interface.ts';
import { type CardProcessorClients, HttpCardProcessor } from '../infrastructure/external-api/card-processor.client.ts';
import { QueuedDepositJobs } from '../infrastructure/external-api/deposit-jobs.impl.ts';
import { ledger } from '../infrastructure/repositories/account.codec.ts';
import { EventStoreAccountRepository } from '../infrastructure/repositories/account.repository.impl.ts';
import { PostgresDepositRepository } from '../infrastructure/repositories/deposit.repository.impl.ts';
import { PostgresPaymentRepository } from '../infrastructure/repositories/payment.repository.impl.ts';
import { checkoutPolicy } from '../interface/consumers/checkout.policy.ts';
import { checkoutPrefetch } from '../interface/consumers/checkout.prefetch.ts';
import { paymentCommands } from '../interface/consumers/payment.commands.ts';
import { userPolicy } from '../interface/consumers/user.policy.ts';
import { accountController } from '../interface/controllers/account.controller.ts';
import { depositController } from '../interface/controllers/deposit.controller.ts';
import { withdrawalController } from '../interface/controllers/withdrawal.controller.ts';

export interface PaymentSettings {
  readonly cardProcessorUrl: string;
}

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface PaymentAdapters {
  readonly transactions: Transactions;
  readonly accounts: AccountRepository;
  readonly payments: PaymentRepository;
  readonly deposits: DepositRepository;
  readonly cardProcessor: CardProcessor;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Declares the queue that finishes deposits. */
  depositJobs(finish: (deposit: { depositId: string }) => Promise<void>): DepositJobs;
  readonly archive?: HostedArchive;
  breakers(): readonly BreakerView[];
  close(): Promise<void>;
}

const cardProcessorClients = (origin: string, telemetry: ServicePlatform['telemetry']): CardProcessorClients => ({
  prompt: createHttpClient({
    name: 'card-processor',
    origin,
    ...outboundCalls(telemetry, { name: 'card-processor', origin }),
    timeoutMs: 3_000,
    breaker: { errorRate: 0.5, volume: 10, windowMs: 10_000, openMs: 2_000 },
    retry: { attempts: 2, baseMs: 50, maxMs: 200 },
  }),
  patient: createHttpClient({
    name: 'card-processor-jobs',
    origin,
    ...outboundCalls(telemetry, { name: 'card-processor-jobs', origin }),
    timeoutMs: 12_000,
    breaker: { errorRate: 0.8, volume: 20, windowMs: 10_000, openMs: 2_000 },
    retry: { attempts: 1, baseMs: 50, maxMs: 200 },
  }),
});

/** The adapters of production. */
export function productionAdapters(platform: ServicePlatform, { cardProcessorUrl }: PaymentSettings): PaymentAdapters {
  const { db, outbox, clock, ids, timers, telemetry } = platform;
  const onError = (error: unknown) => telemetry.log.warn({ err: error }, 'Closed accounts could not be archived.');
  const clients = cardProcessorClients(cardProcessorUrl, telemetry);
  const queue = { name: 'finish-deposits', retryEveryMs: 1_000, retryAtMostEveryMs: 5_000, concurrency: 16 };
  return {
    transactions: db,
    accounts: new EventStoreAccountRepository(db, new PostgresEventStore(db, ledger)),
    payments: new PostgresPaymentRepository(db, outbox),
    deposits: new PostgresDepositRepository(db),
    cardProcessor: new HttpCardProcessor(clients),
    clock,
    ids,
    depositJobs: (finish) => new QueuedDepositJobs(platform.jobs().queue(queue, finish)),
    archive: new EventArchive({ db, timers, onError }),
    breakers: () =>
      [clients.prompt, clients.patient].map(({ name, state, failureRate }) => ({ name, state, failureRate })),
    close: async () => void (await Promise.all([clients.prompt.close(), clients.patient.close()])),
  };
}

export const paymentService = (settings: PaymentSettings): ServiceDefinition => ({
  name: 'payment',
  migrations: async () => [
    ...(await eventStoreMigrations()),
    ...(await readMigrations('payment', fileURLToPath(new URL('../../migrations', import.meta.url)))),
  ],
  create: (platform) => createPaymentService(productionAdapters(platform, settings)),
});

export function createPaymentService(
  adapters: PaymentAdapters,
): Service & { readonly application: PaymentApplication } {
  const { transactions, accounts, payments, deposits, cardProcessor, clock, ids } = adapters;
  const mapper = new AccountMapper();
  const finishDeposit = new FinishDepositUseCase(transactions, { deposits, accounts, cardProcessor, clock, mapper });
  const jobs = adapters.depositJobs(({ depositId }) => finishDeposit.settle(depositId));

  const application: PaymentApplication = {
    openAccount: new OpenAccountUseCase(transactions, accounts, mapper, { clock, ids }),
    viewAccount: new ViewAccountUseCase(accounts, mapper),
    beginDeposit: new BeginDepositUseCase(transactions, { accounts, deposits, jobs, clock, ids }),
    finishDeposit,
    viewDeposit: new ViewDepositUseCase(deposits, mapper),
    withdraw: new WithdrawUseCase(transactions, accounts, ids),
    reservePayment: new ReservePaymentUseCase(transactions, payments, accounts),
    releasePayment: new ReleasePaymentUseCase(transactions, payments, accounts),
    closeAccounts: new CloseAccountsUseCase(transactions, accounts, deposits),
    capturePayment: new CapturePaymentUseCase(transactions, payments, accounts),
    prefetchPayments: new PrefetchPaymentsUseCase(payments, accounts),
  };

  return {
    application,
    routes: [accountController(application), depositController(application), withdrawalController(application)],
    consumers: [
      {
        name: 'payment.checkout',
        subscriptions: [...paymentCommands(application), ...checkoutPolicy(application)],
        prefetch: checkoutPrefetch(application),
      },
      { name: 'payment.users', subscriptions: userPolicy(application) },
    ],
    ...(adapters.archive && { archive: adapters.archive }),
    breakers: () => adapters.breakers(),
    stop: () => adapters.close(),
  };
}
