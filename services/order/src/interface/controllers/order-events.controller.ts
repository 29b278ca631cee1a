import { type EventStream, sse } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { OrderApplication } from '../../application/order.application.ts';
import type { OrderChanges, OrderWatch } from '../../application/ports/order-changes.interface.ts';
import { following } from './order.schemas.ts';

type History = Awaited<ReturnType<OrderApplication['getOrder']['history']>>;

export const orderEventsController =
  (application: OrderApplication, changes: OrderChanges): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/v1/orders/:id/events', following, async (request, reply) => {
      const { id } = request.params;
      const read = () => application.getOrder.history(id, request.caller);
      const watch = changes.watch(id);
      try {
        const known = await read();
        return await sse(request, reply, (stream) => follow(stream, { known, read, watch }));
      } finally {
        watch.end();
      }
    });
  };

interface Followed {
  readonly known: History;
  readonly read: () => Promise<History>;
  readonly watch: OrderWatch;
}

/** Tells each change of the order's status once, from where the client was, for as long as it listens. */
async function follow(stream: EventStream, { known, read, watch }: Followed): Promise<void> {
  let last = Number(stream.lastEventId || -1);
  if (!Number.isInteger(last)) last = -1;
  for (let steps = known; ; steps = await read()) {
    for (const step of steps) {
      if (step.id <= last) continue;
      await stream.send({ id: step.id, event: 'status', data: step.order });
      last = step.id;
    }
    await watch.next(stream.ended);
    if (stream.ended.aborted) return;
  }
}
