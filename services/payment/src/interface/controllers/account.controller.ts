import { cursorPage, Id, InvalidRequestError, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { PaymentApplication } from '../../application/payment.application.ts';
import { entries, list, opening, reading } from './account.schemas.ts';

/** RFC 3339 knows leap seconds, the clock here does not: `:60` is the end of its minute. */
function asDate(asOf: string | undefined): Date | undefined {
  if (asOf === undefined) return undefined;
  const date = new Date(asOf.toUpperCase().replace(/:60(?:\.\d+)?(?=[Z+-])/, ':59.999'));
  if (Number.isNaN(date.getTime())) throw new InvalidRequestError([{ path: '?asOf', message: 'is no time' }]);
  return date;
}
const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

export const accountController =
  ({ openAccount, viewAccount }: PaymentApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post('/v1/accounts', opening, async ({ body, caller }, reply) => {
      const account = await openAccount.execute({ userId: caller.id, currency: body.currency });
      return reply.code(201).header('location', `/v1/accounts/${account.id}`).send(account);
    });

    http.get('/v1/accounts', list, async ({ query: { limit, cursor, asOf, userId }, caller }) => {
      const page = cursorPage({ limit, cursor }, Id);
      const owner = caller.role === 'admin' && userId ? userId : caller.id;
      const at = optional('asOf', asDate(asOf));
      const rows = await viewAccount.list(owner, { limit: page.fetch, ...optional('after', page.after), ...at });
      return page.of(rows, ({ id }) => id);
    });

    http.get('/v1/accounts/:id', reading, async (request, reply) => {
      const account = await viewAccount.execute(request.params.id, request.caller, asDate(request.query.asOf));
      return sendWithEtag(request, reply, { version: account.version, body: account });
    });

    http.get('/v1/accounts/:id/entries', entries, async ({ params: { id }, query: { limit, cursor }, caller }) => {
      const page = cursorPage({ limit, cursor }, Type.Integer({ minimum: 1 }));
      const rows = await viewAccount.entries(id, caller, { limit: page.fetch, ...optional('before', page.after) });
      return page.of(rows, ({ version }) => version);
    });
  };
