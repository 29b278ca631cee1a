import { DomainError } from '@ashlar/domain';
import { ListOf } from '@ashlar/http';
import { type OtlpResourceSpans, type SpanRecorder, toOtlp } from '@ashlar/telemetry';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';

/** The traces that this replica remembers, and what they call it. */
export interface RememberedTraces {
  readonly recorder: SpanRecorder;
  readonly service: string;
  readonly replica: string;
}

const MOST = 1_000;

const ADMIN = { access: 'admin' } as const;

const TracePart = Type.Object({
  traceId: Type.String(),
  name: Type.String({ description: 'Of the span without a parent, else of the first one.' }),
  isRoot: Type.Boolean({ description: 'Whether the trace began here.' }),
  startedAtMs: Type.Number(),
  endedAtMs: Type.Number(),
  spans: Type.Integer(),
  failed: Type.Boolean(),
});

const list = {
  config: ADMIN,
  schema: {
    summary: 'List the traces that this replica remembers',
    querystring: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: MOST, default: 20 }) }),
    response: { 200: Type.Object({ items: ListOf(TracePart) }) },
  },
} as const;

const one = {
  config: { ...ADMIN, refuses: { not_found: 'not_found' } },
  schema: {
    summary: 'The spans of one trace that this replica remembers',
    params: Type.Object({ traceId: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
    response: {
      200: Type.Object({
        resourceSpans: Type.Unsafe<readonly OtlpResourceSpans[]>({
          type: 'array',
          items: { type: 'object', additionalProperties: true },
          description: 'OTLP in JSON: what `opentelemetry.proto.trace.v1` says of ResourceSpans.',
        }),
      }),
    },
  },
} as const;

/** What this replica remembers of recent traces; the gateway puts the parts of all replicas together. */
export const tracesController =
  ({ recorder, service, replica }: RememberedTraces): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/ops/traces', list, async ({ query: { limit } }) => ({ items: recorder.recent(limit) }));

    http.get('/ops/traces/:traceId', one, async ({ params: { traceId } }) => {
      const spans = recorder.spansOf(traceId);
      if (spans.length === 0) throw new DomainError('not_found', 'not_found', `There is no trace ${traceId}.`);
      return { resourceSpans: [toOtlp({ 'service.name': service, 'service.instance.id': replica }, spans)] };
    });
  };
