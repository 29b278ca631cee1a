import { Id, IdParams, Money, MoneyView } from '@ashlar/http';
import Type from 'typebox';

const WithdrawalView = Type.Object({ withdrawalId: Id, balance: MoneyView });

export const creation = {
  config: {
    access: 'user',
    idempotent: true,
    refuses: {
      account_not_found: 'not_found',
      forbidden: 'forbidden',
      insufficient_funds: 'conflict',
      currency_mismatch: 'invalid',
    },
  },
  schema: {
    summary: 'Pay out from the balance that is not reserved',
    params: IdParams,
    body: Type.Object({ amount: Money }),
    response: { 201: WithdrawalView },
  },
} as const;
