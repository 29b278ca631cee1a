import type { TraceContext } from './trace-context.ts';
import type { SpanOptions } from './tracing.ts';

/** A span that has ended, as it is remembered. */
export interface RecordedSpan extends SpanOptions {
  readonly trace: TraceContext;
  readonly parentSpanId: string | undefined;
  /** Since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Why the work has failed; nothing where it has not. */
  readonly failure: string | undefined;
}

/** How much of recent traces is remembered. */
export interface RecorderBounds {
  readonly traces: number;
  readonly bytes: number;
  readonly spansOfTrace: number;
}

/** What one recorder knows of one trace. */
export interface TracePart {
  readonly traceId: string;
  /** The span without a parent, else the first one that is known. */
  readonly name: string;
  readonly isRoot: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly spans: number;
  readonly failed: boolean;
}

const BOUNDS: RecorderBounds = { traces: 500, bytes: 4 << 20, spansOfTrace: 1_000 };
/** What failed and what was not sampled have places of their own, so that nothing pushes a failure out but failures. */
const ASIDE = 4;

/**
 * Remembers the spans of recent traces. Those that were not sampled only pass by, unless one of their spans fails:
 * errors are always kept.
 */
export class SpanRecorder {
  /** Told of each span of a trace that was not sampled and is kept all the same, once. */
  onKept: (span: RecordedSpan) => void = () => {};
  readonly #bounds: RecorderBounds;
  readonly #sampled: Shelf;
  readonly #failed: Shelf;
  readonly #passing: Shelf;

  constructor(bounds: Partial<RecorderBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
    const { traces, bytes } = this.#bounds;
    const aside = { traces: Math.ceil(traces / ASIDE), bytes: Math.ceil(bytes / ASIDE) };
    this.#sampled = new Shelf({ traces, bytes });
    this.#failed = new Shelf(aside);
    this.#passing = new Shelf(aside);
  }

  add(span: RecordedSpan): void {
    const { traceId, sampled } = span.trace;
    const usual = sampled ? this.#sampled : this.#passing;
    if (this.#failed.get(traceId)) return this.#keep(span);
    if (span.failure === undefined) return void usual.add(traceId, span, this.#bounds.spansOfTrace);
    for (const earlier of usual.take(traceId)) this.#keep(earlier);
    this.#keep(span);
  }

  #keep(span: RecordedSpan): void {
    const { traceId, sampled } = span.trace;
    const isKept = this.#failed.add(traceId, span, this.#bounds.spansOfTrace);
    if (isKept && !sampled) this.onKept(span);
  }

  /** The traces that are kept, the newest first. */
  recent(limit: number): TracePart[] {
    return [...this.#sampled.traces(), ...this.#failed.traces()]
      .map(([traceId, spans]) => partOf(traceId, spans))
      .sort((one, other) => other.startedAtMs - one.startedAtMs)
      .slice(0, limit);
  }

  /** What is known of a trace, also while it only passes by. */
  spansOf(traceId: string): readonly RecordedSpan[] {
    return [this.#failed, this.#sampled, this.#passing].flatMap((shelf) => shelf.get(traceId)?.spans ?? []);
  }
}

interface Kept {
  readonly spans: RecordedSpan[];
  bytes: number;
}

/** Traces in the order in which they came; the oldest make room. */
class Shelf {
  readonly #traces = new Map<string, Kept>();
  #bytes = 0;

  constructor(private readonly bounds: Pick<RecorderBounds, 'traces' | 'bytes'>) {}

  get(traceId: string): Kept | undefined {
    return this.#traces.get(traceId);
  }

  *traces(): Iterable<readonly [string, readonly RecordedSpan[]]> {
    for (const [traceId, { spans }] of this.#traces) yield [traceId, spans];
  }

  /** Answers whether there was room. */
  add(traceId: string, span: RecordedSpan, mostSpans: number): boolean {
    let kept = this.#traces.get(traceId);
    if (!kept) {
      kept = { spans: [], bytes: 0 };
      this.#traces.set(traceId, kept);
    }
    if (kept.spans.length >= mostSpans) return false;
    const bytes = bytesOf(span);
    kept.spans.push(span);
    kept.bytes += bytes;
    this.#bytes += bytes;
    while (this.#traces.size > this.bounds.traces || this.#bytes > this.bounds.bytes) this.#dropOldest();
    return true;
  }

  take(traceId: string): readonly RecordedSpan[] {
    const kept = this.#traces.get(traceId);
    if (!kept) return [];
    this.#traces.delete(traceId);
    this.#bytes -= kept.bytes;
    return kept.spans;
  }

  #dropOldest(): void {
    for (const traceId of this.#traces.keys()) return void this.take(traceId);
  }
}

/** Objects, ids and numbers of a span; its texts come on top. */
const SPAN_BYTES = 320;

function bytesOf({ name, attributes = {}, failure = '' }: RecordedSpan): number {
  let bytes = SPAN_BYTES + name.length + failure.length;
  for (const key in attributes) {
    const value = attributes[key];
    bytes += 16 + (typeof value === 'string' ? value.length : 0);
  }
  return bytes;
}

function partOf(traceId: string, spans: readonly RecordedSpan[]): TracePart {
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined);
  const first = spans.reduce((one, other) => (other.startedAtMs < one.startedAtMs ? other : one));
  return {
    traceId,
    name: (root ?? first).name,
    isRoot: root !== undefined,
    startedAtMs: first.startedAtMs,
    endedAtMs: Math.max(...spans.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs)),
    spans: spans.length,
    failed: spans.some(({ failure }) => failure !== undefined),
  };
}
