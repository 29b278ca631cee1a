import { DomainError, isUuid } from '@ashlar/domain';
import { cursorPage, cursorQuery } from '@ashlar/http';
import type { DeadLetters } from '@ashlar/messaging';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { BreakerView, HostedSagas } from './service.ts';

export interface Operations {
  readonly deadLetters: DeadLetters;
  readonly sagas: HostedSagas | undefined;
  readonly breakers: () => readonly BreakerView[];
  /** Called when an operator has changed the parking lot. */
  readonly onReplay: () => void;
}

const ADMIN = { access: 'admin' } as const;
const Params = Type.Object({ id: Type.String() });
const Position = Type.String({ format: 'uuid' });
const PARKED = ['retrying', 'dead', 'waiting'];
const SAGAS = ['running', 'compensating', 'completed', 'compensated', 'stuck'];
const oneOf = (values: readonly string[]) => Type.Union(values.map((value) => Type.Literal(value)));

const notFound = (what: string, id: string) => new DomainError('not_found', 'not_found', `There is no ${what} ${id}.`);

/** What an operator sees of one service, and may do; the gateway puts the answers of all services together. */
export const operationsController =
  ({ deadLetters, sagas, breakers, onReplay }: Operations): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/ops/breakers', { config: ADMIN }, async () => ({ items: breakers() }));

    http.get(
      '/ops/dead-letters',
      {
        config: ADMIN,
        schema: {
          querystring: cursorQuery({ consumer: Type.Optional(Type.String()), status: Type.Optional(oneOf(PARKED)) }),
        },
      },
      async ({ query: { limit, cursor, ...filter } }) => {
        const page = cursorPage({ limit, ...(cursor !== undefined && { cursor }) }, Position);
        const rows = await deadLetters.list({
          ...filter,
          limit: page.fetch,
          ...(page.after && { cursor: page.after }),
        });
        return page.of(rows, ({ id }) => id);
      },
    );

    http.get('/ops/dead-letters/:id', { config: ADMIN, schema: { params: Params } }, async ({ params: { id } }) => {
      const found = isUuid(id) && (await deadLetters.find(id));
      if (!found) throw notFound('dead letter', id);
      return found;
    });

    http.post(
      '/ops/dead-letters/:id/replay',
      { config: ADMIN, schema: { params: Params } },
      async ({ params: { id } }, reply) => {
        if (!isUuid(id) || !(await deadLetters.replay(id))) throw notFound('dead letter', id);
        onReplay();
        return reply.code(202).send({ id, status: 'retrying' });
      },
    );

    http.delete(
      '/ops/dead-letters/:id',
      { config: ADMIN, schema: { params: Params } },
      async ({ params: { id } }, reply) => {
        if (!isUuid(id) || !(await deadLetters.discard(id))) throw notFound('dead letter', id);
        onReplay();
        return reply.code(202).send({ id, status: 'discarded' });
      },
    );

    await http.register(sagaRoutes(sagas));
  };

const sagaRoutes =
  (sagas: HostedSagas | undefined): FastifyPluginAsyncTypebox =>
  async (http) => {
    const filters = cursorQuery({ status: Type.Optional(oneOf(SAGAS)), key: Type.Optional(Type.String()) });

    http.get(
      '/ops/sagas',
      { config: ADMIN, schema: { querystring: filters } },
      async ({ query: { limit, cursor, ...filter } }) => {
        const page = cursorPage({ limit, ...(cursor !== undefined && { cursor }) }, Position);
        const rows = await sagas?.runtime.list({
          ...filter,
          limit: page.fetch,
          ...(page.after && { cursor: page.after }),
        });
        return page.of(rows ?? [], ({ id }) => id);
      },
    );

    http.get('/ops/sagas/:id', { config: ADMIN, schema: { params: Params } }, async ({ params: { id } }) => {
      const found = isUuid(id) && (await sagas?.runtime.view(id));
      if (!found) throw notFound('saga', id);
      return found;
    });

    http.post(
      '/ops/sagas/:id/retry',
      { config: ADMIN, schema: { params: Params } },
      async ({ params: { id } }, reply) => {
        if (!isUuid(id) || !sagas) throw notFound('saga', id);
        await sagas.runtime.retry(id);
        return reply.code(202).send({ id });
      },
    );
  };
