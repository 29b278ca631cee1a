import { answerOnce, Id, IdParams, Money, NotModified, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { PaymentApplication } from '../../application/payment.application.ts';
import { DepositMade, DepositView } from './account.schemas.ts';

const DepositBody = Type.Object({
  amount: Money,
  cardToken: Type.String({ minLength: 1, maxLength: 200, pattern: '^[\\x21-\\x7e]+$' }),
});
const DepositParams = Type.Object({ id: Id, depositId: Id });

const REFUSES = {
  account_not_found: 'not_found',
  forbidden: 'forbidden',
  card_declined: 'payment_required',
  balance_limit: 'conflict',
  currency_mismatch: 'invalid',
} as const;

export const depositController =
  ({ beginDeposit, finishDeposit, viewDeposit }: PaymentApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post(
      '/v1/accounts/:id/deposits',
      {
        config: { access: 'user', idempotent: 'by-resource', refuses: REFUSES },
        schema: { params: IdParams, body: DepositBody, response: { 201: DepositMade, 202: DepositMade } },
      },
      async (request, reply) => {
        const { params, body, caller } = request;
        const { depositId, status } = await answerOnce(request, {
          start: () => beginDeposit.execute({ accountId: params.id, userId: caller.id, ...body }),
          finish: (id) => finishDeposit.execute({ depositId: id, patient: false }),
          replay: (id) => viewDeposit.execute({ depositId: id, accountId: params.id }, caller),
        });
        viewDeposit.refuseDeclined(status);
        const location = `/v1/accounts/${params.id}/deposits/${depositId}`;
        return reply
          .code(status === 'completed' ? 201 : 202)
          .header('location', location)
          .send({ depositId, status });
      },
    );

    http.get(
      '/v1/accounts/:id/deposits/:depositId',
      {
        config: { access: 'user', refuses: { deposit_not_found: 'not_found', forbidden: 'forbidden' } },
        schema: { params: DepositParams, response: { 200: DepositView, 304: NotModified } },
      },
      async (request, reply) => {
        const { id, depositId } = request.params;
        const deposit = await viewDeposit.execute({ depositId, accountId: id }, request.caller);
        return sendWithEtag(request, reply, { version: deposit.status, body: deposit });
      },
    );
  };
