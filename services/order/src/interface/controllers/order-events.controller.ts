import { type EventStream, sse } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { OrderApplication } from '../../application/order.application.ts';
import type { OrderChanges } from '../../application/ports/order-changes.interface.ts';
import type { Viewer } from '../../application/use-cases/get-order.use-case.ts';
import { following } from './order.schemas.ts';

export const orderEventsController =
  (application: OrderApplication, changes: OrderChanges): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/v1/orders/:id/events', following, async (request, reply) => {
      const { id } = request.params;
      await application.getOrder.execute(id, request.caller);
      return sse(request, reply, (stream) => follow({ id, viewer: request.caller, stream }, application, changes));
    });
  };

interface Followed {
  readonly id: string;
  readonly viewer: Viewer;
  readonly stream: EventStream;
}

/** Tells each change of the order's status once, from where the client was, for as long as it listens. */
async function follow(
  { id, viewer, stream }: Followed,
  { getOrder }: OrderApplication,
  changes: OrderChanges,
): Promise<void> {
  let last = Number(stream.lastEventId || -1);
  if (!Number.isInteger(last)) last = -1;
  while (!stream.ended.aborted) {
    const changed = changes.next(id, stream.ended);
    for (const step of await getOrder.history(id, viewer)) {
      if (step.id <= last) continue;
      await stream.send({ id: step.id, event: 'status', data: step.order });
      last = step.id;
    }
    await changed;
  }
}
