import { Id, IdParams, Money, MoneyView, NotModified, OneOf, Time } from '@ashlar/http';
import Type from 'typebox';

const Status = OneOf('pending', 'completed', 'declined');

/** A deposit as clients see it. */
const DepositView = Type.Object(
  {
    depositId: Id,
    status: Status,
    amount: MoneyView,
    createdAt: Time,
    updatedAt: Time,
  },
  { title: 'Deposit' },
);

/** How a deposit stands when it is answered: done, or left to a job. */
const DepositMade = Type.Object({ depositId: Id, status: Status });

const DepositBody = Type.Object({
  amount: Money,
  cardToken: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^[\\x21-\\x7e]+$',
    description: 'visible ASCII characters',
  }),
});

export const creation = {
  config: {
    access: 'user',
    idempotent: 'by-resource',
    refuses: {
      account_not_found: 'not_found',
      forbidden: 'forbidden',
      card_declined: 'payment_required',
      balance_limit: 'conflict',
      currency_mismatch: 'invalid',
    },
  },
  schema: {
    summary: 'Pay in by card; 202 while the card processor has not answered',
    params: IdParams,
    body: DepositBody,
    response: { 201: DepositMade, 202: DepositMade },
  },
} as const;

export const reading = {
  config: { access: 'user', refuses: { deposit_not_found: 'not_found', forbidden: 'forbidden' } },
  schema: {
    summary: 'Read how a deposit stands',
    params: Type.Object({ id: Id, depositId: Id }),
    response: { 200: DepositView, 304: NotModified },
  },
} as const;
