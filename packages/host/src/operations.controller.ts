import { DomainError, isUuid } from '@ashlar/domain';
import { cursorPage } from '@ashlar/http';
import type { DeadLetters, SaidMessage } from '@ashlar/messaging';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { consumerLags, type LateParts, projectionStatuses } from './lateness-metrics.ts';
import {
  archiving,
  breakersRoute,
  consumerList,
  discarding,
  letter,
  letters,
  projectionList,
  rebuilding,
  replay,
  republication,
  retry,
  saga,
  sagaList,
  saidList,
} from './operations.schemas.ts';
import type { BreakerView, HostedArchive, HostedSagas, Service } from './service.ts';
import { type RememberedTraces, tracesController } from './traces.controller.ts';

interface Operations {
  readonly deadLetters: DeadLetters;
  readonly late: LateParts;
  /** What this service has said in one business transaction. */
  readonly said: (correlationId: string) => Promise<readonly SaidMessage[]>;
  readonly breakers: () => readonly BreakerView[];
  /** Sends again what was said since then; answers how many messages that are. */
  readonly republish: (since: Date) => Promise<number>;
  readonly archive: HostedArchive | undefined;
  readonly traces: RememberedTraces;
  /** Called when an operator has changed the parking lot. */
  readonly onReplay: () => void;
}

/** Every route of a service: its own, and those of its operators. */
export const routesOf = (
  service: Service,
  operations: Omit<Operations, 'breakers' | 'archive'>,
): readonly FastifyPluginAsyncTypebox[] => [
  ...service.routes,
  tracesController(operations.traces),
  operationsController({ ...operations, breakers: service.breakers ?? (() => []), archive: service.archive }),
];

const Position = Type.String({ format: 'uuid' });

const notFound = (what: string, id: string) => new DomainError('not_found', 'not_found', `There is no ${what} ${id}.`);

/** What an operator sees of one service, and may do; the gateway puts the answers of all services together. */
const operationsController =
  ({ deadLetters, late, said, breakers, archive, republish, onReplay }: Operations): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/ops/breakers', breakersRoute, async () => ({
      items: breakers(),
    }));

    if (archive) http.post('/ops/archive', archiving, async () => ({ items: [await archive.archiveEnded()] }));

    http.get('/ops/dead-letters', letters, async ({ query: { limit, cursor, ...filter } }) => {
      const page = cursorPage({ limit, cursor }, Position);
      const rows = await deadLetters.list({
        ...filter,
        limit: page.fetch,
        ...(page.after && { cursor: page.after }),
      });
      return page.of(rows, ({ id }) => id);
    });

    http.get('/ops/dead-letters/:id', letter, async ({ params: { id } }) => {
      const found = isUuid(id) && (await deadLetters.find(id));
      if (!found) throw notFound('dead letter', id);
      return found;
    });

    http.post('/ops/dead-letters/:id/replay', replay, async ({ params: { id } }, reply) => {
      if (!isUuid(id) || !(await deadLetters.replay(id))) throw notFound('dead letter', id);
      onReplay();
      return reply.code(202).send({ id, status: 'retrying' });
    });

    http.delete('/ops/dead-letters/:id', discarding, async ({ params: { id } }, reply) => {
      if (!isUuid(id) || !(await deadLetters.discard(id))) throw notFound('dead letter', id);
      onReplay();
      return reply.code(202).send({ id, status: 'discarded' });
    });

    http.get('/ops/consumers', consumerList, async () => ({ items: await consumerLags(late) }));

    http.get('/ops/events', saidList, async ({ query: { correlationId } }) => ({
      items: [...(await said(correlationId))],
    }));

    http.post('/ops/events/republish', republication, async ({ query }, reply) => {
      const since = new Date(query.since);
      return reply.code(202).send({ since, messages: await republish(since) });
    });

    await http.register(projectionRoutes(late));
    await http.register(sagaRoutes(late.sagas));
  };

const projectionRoutes =
  (late: LateParts): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/ops/projections', projectionList, async () => ({ items: await projectionStatuses(late) }));

    http.post('/ops/projections/:name/rebuild', rebuilding, async ({ params: { name } }, reply) => {
      const projection = late.projections.find((one) => one.name === name);
      if (!projection) throw notFound('projection', name);
      await projection.beginRebuild();
      return reply.code(202).send({ name, state: 'rebuilding' });
    });
  };

const sagaRoutes =
  (sagas: HostedSagas | undefined): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/ops/sagas', sagaList, async ({ query: { limit, cursor, ...filter } }) => {
      const page = cursorPage({ limit, cursor }, Position);
      const rows = await sagas?.runtime.list({
        ...filter,
        limit: page.fetch,
        ...(page.after && { cursor: page.after }),
      });
      return page.of(rows ?? [], ({ id }) => id);
    });

    http.get('/ops/sagas/:id', saga, async ({ params: { id } }) => {
      const found = isUuid(id) && (await sagas?.runtime.view(id));
      if (!found) throw notFound('saga', id);
      return found;
    });

    http.post('/ops/sagas/:id/retry', retry, async ({ params: { id } }, reply) => {
      if (!isUuid(id) || !sagas) throw notFound('saga', id);
      await sagas.runtime.retry(id);
      return reply.code(202).send({ id });
    });
  };
