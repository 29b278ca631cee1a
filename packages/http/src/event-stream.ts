import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** One event of a stream; `data` becomes JSON. */
export interface ServerSentEvent {
  readonly id?: string | number;
  readonly event?: string;
  readonly data: unknown;
}

const HEARTBEAT_MS = 15_000;

/** Server-Sent Events to one client. It ends when the client leaves, the server drains, or the feed returns. */
export class EventStream {
  readonly #ended = new AbortController();

  constructor(
    private readonly raw: ServerResponse,
    /** Where the client wants to go on, if it was here before. */
    readonly lastEventId: string | undefined,
    draining: AbortSignal,
  ) {
    raw.once('close', () => this.#ended.abort());
    if (raw.destroyed || draining.aborted) this.#ended.abort();
    const end = () => this.end();
    draining.addEventListener('abort', end, { once: true });
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    this.ended.addEventListener('abort', () => {
      clearInterval(heartbeat);
      draining.removeEventListener('abort', end);
    });
  }

  /** Aborted when nobody listens any more: stop feeding. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Resolves when the client has room for more; at once when the stream has ended. */
  async send({ id, event, data }: ServerSentEvent): Promise<void> {
    if (this.ended.aborted) return;
    const head = field('id', id) + field('event', event);
    if (this.raw.write(`${head}data: ${JSON.stringify(data)}\n\n`)) return;
    await once(this.raw, 'drain', { signal: this.ended }).catch(() => {});
  }

  end(): void {
    this.#ended.abort();
    this.raw.end();
  }

  /** A client that has not taken the last beat is not sent another one on top. */
  #beat(): void {
    if (!this.raw.writableNeedDrain) this.raw.write(': still here\n\n');
  }
}

const field = (name: string, value: string | number | undefined): string =>
  value === undefined ? '' : `${name}: ${String(value).replaceAll(/[\r\n\0]/g, ' ')}\n`;

/** Answers with a stream of events, for as long as `feed` runs. */
export async function sse(
  request: FastifyRequest,
  reply: FastifyReply,
  feed: (stream: EventStream) => Promise<void>,
): Promise<FastifyReply> {
  const lastEventId = request.headers['last-event-id'];
  reply.hijack();
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' };
  reply.raw.writeHead(200, { ...headers, 'cache-control': 'no-store', 'x-accel-buffering': 'no' } as Record<
    string,
    string
  >);
  if (request.method === 'HEAD') {
    reply.raw.end();
    return reply;
  }
  reply.raw.flushHeaders();
  const stream = new EventStream(reply.raw, lastEventId as string | undefined, request.server.draining);
  try {
    await feed(stream);
  } catch (error) {
    request.server.reportFailure(request, error);
  } finally {
    stream.end();
  }
  return reply;
}
