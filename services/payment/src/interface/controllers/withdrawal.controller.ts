import { IdParams, Money } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { PaymentApplication } from '../../application/payment.application.ts';
import { WithdrawalView } from './account.schemas.ts';

const REFUSES = {
  account_not_found: 'not_found',
  forbidden: 'forbidden',
  insufficient_funds: 'conflict',
  currency_mismatch: 'invalid',
} as const;

export const withdrawalController =
  ({ withdraw }: PaymentApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post(
      '/v1/accounts/:id/withdrawals',
      {
        config: { access: 'user', idempotent: true, refuses: REFUSES },
        schema: { params: IdParams, body: Type.Object({ amount: Money }), response: { 201: WithdrawalView } },
      },
      async ({ params, body, caller }, reply) =>
        reply.code(201).send(await withdraw.execute({ accountId: params.id, userId: caller.id, amount: body.amount })),
    );
  };
