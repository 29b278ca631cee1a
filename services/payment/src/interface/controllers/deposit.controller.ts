import { answerOnce, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { PaymentApplication } from '../../application/payment.application.ts';
import { creation, reading } from './deposit.schemas.ts';

export const depositController =
  ({ beginDeposit, finishDeposit, viewDeposit }: PaymentApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post('/v1/accounts/:id/deposits', creation, async (request, reply) => {
      const { params, body, caller } = request;
      const { depositId, status } = await answerOnce(request, {
        start: () => beginDeposit.execute({ accountId: params.id, userId: caller.id, ...body }),
        finish: (id) => finishDeposit.execute({ depositId: id, patient: false }),
        replay: (id) => viewDeposit.execute({ depositId: id, accountId: params.id }, caller),
        isInterim: ({ status: first }) => first === 'pending',
      });
      viewDeposit.refuseDeclined(status);
      const location = `/v1/accounts/${params.id}/deposits/${depositId}`;
      return reply
        .code(status === 'completed' ? 201 : 202)
        .header('location', location)
        .send({ depositId, status });
    });

    http.get('/v1/accounts/:id/deposits/:depositId', reading, async (request, reply) => {
      const { id, depositId } = request.params;
      const deposit = await viewDeposit.execute({ depositId, accountId: id }, request.caller);
      return sendWithEtag(request, reply, { version: deposit.status, body: deposit });
    });
  };
