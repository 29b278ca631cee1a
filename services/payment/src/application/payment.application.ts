import type { BeginDepositUseCase } from './use-cases/begin-deposit.use-case.ts';
import type { CapturePaymentUseCase } from './use-cases/capture-payment.use-case.ts';
import type { CloseAccountsUseCase } from './use-cases/close-accounts.use-case.ts';
import type { FinishDepositUseCase } from './use-cases/finish-deposit.use-case.ts';
import type { OpenAccountUseCase } from './use-cases/open-account.use-case.ts';
import type { PrefetchPaymentsUseCase } from './use-cases/prefetch-payments.use-case.ts';
import type { ReleasePaymentUseCase } from './use-cases/release-payment.use-case.ts';
import type { ReservePaymentUseCase } from './use-cases/reserve-payment.use-case.ts';
import type { ViewAccountUseCase } from './use-cases/view-account.use-case.ts';
import type { ViewDepositUseCase } from './use-cases/view-deposit.use-case.ts';
import type { WithdrawUseCase } from './use-cases/withdraw.use-case.ts';

/** Everything that this service can do. */
export interface PaymentApplication {
  readonly openAccount: OpenAccountUseCase;
  readonly viewAccount: ViewAccountUseCase;
  readonly beginDeposit: BeginDepositUseCase;
  readonly finishDeposit: FinishDepositUseCase;
  readonly viewDeposit: ViewDepositUseCase;
  readonly withdraw: WithdrawUseCase;
  readonly reservePayment: ReservePaymentUseCase;
  readonly releasePayment: ReleasePaymentUseCase;
  readonly closeAccounts: CloseAccountsUseCase;
  readonly capturePayment: CapturePaymentUseCase;
  readonly prefetchPayments: PrefetchPaymentsUseCase;
}
