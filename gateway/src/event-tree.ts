import { type Answer, type Exchange, Refusal } from '@ashlar/gateway';
import { askEverybody } from './read-models.ts';
import type { Services } from './services.ts';

interface Said {
  readonly service: string;
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly time: string;
  readonly causationId: string | null;
}

/** A message with those that it has led to, in the order in which they were said. */
export type EventTree = Said & { readonly consequences: readonly EventTree[] };

/** Every message of one business transaction, whoever has said it, as the tree of what led to what. */
export async function eventTree(services: Services, exchange: Exchange): Promise<Answer> {
  const correlationId = exchange.query.get('correlationId');
  if (!correlationId) {
    throw new Refusal(400, 'invalid_request', {
      detail: 'The request is not valid.',
      errors: [{ path: '?correlationId', message: 'is missing' }],
    });
  }
  const path = `/ops/events?correlationId=${encodeURIComponent(correlationId)}`;
  const { joined, away } = await askEverybody<Said>(services, exchange, { path });
  const items = treeOf(joined);
  return { status: 200, body: { correlationId, items, ...(away.length > 0 && { unavailable: away }) } };
}

/** What is caused by a message that nobody remembers any more stands at the root. */
export function treeOf(said: readonly Said[]): EventTree[] {
  const inOrder = said.toSorted((a, b) => compare(a.time, b.time) || compare(a.id, b.id));
  const known = new Set(inOrder.map(({ id }) => id));
  const byCause = Map.groupBy(inOrder, ({ causationId }) =>
    causationId !== null && known.has(causationId) ? causationId : undefined,
  );
  const under = (cause: string | undefined): EventTree[] =>
    (byCause.get(cause) ?? []).map((message) => ({ ...message, consequences: under(message.id) }));
  return under(undefined);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
