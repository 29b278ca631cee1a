import type { Money } from '@ashlar/domain';

export interface Charge {
  /** The deposit: whatever is tried again under this name is charged once. */
  readonly depositId: string;
  readonly amount: Money;
  readonly cardToken: string;
}

export type ChargeOutcome = 'accepted' | 'declined';

export interface CardProcessor {
  /** `unknown` when no clear answer came in time: the card may or may not have been charged. */
  charge(charge: Charge, options: { patient: boolean }): Promise<ChargeOutcome | 'unknown'>;
}
