import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { PaymentApplication } from '../../application/payment.application.ts';
import { creation } from './withdrawal.schemas.ts';

export const withdrawalController =
  ({ withdraw }: PaymentApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post('/v1/accounts/:id/withdrawals', creation, async ({ params, body, caller }, reply) =>
      reply.code(201).send(await withdraw.execute({ accountId: params.id, userId: caller.id, amount: body.amount })),
    );
  };
