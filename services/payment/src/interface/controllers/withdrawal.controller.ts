import { IdParams, Money } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { PaymentApplication } from '../../application/payment.application.ts';

export const withdrawalController =
  ({ withdraw }: PaymentApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post(
      '/v1/accounts/:id/withdrawals',
      {
        config: { access: 'user', idempotent: true },
        schema: { params: IdParams, body: Type.Object({ amount: Money }) },
      },
      async ({ params, body, caller }, reply) =>
        reply.code(201).send(await withdraw.execute({ accountId: params.id, userId: caller.id, amount: body.amount })),
    );
  };
