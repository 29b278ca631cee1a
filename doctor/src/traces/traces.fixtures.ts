import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { THRESHOLDS, type Thresholds } from '../model/architecture-file.ts';
import type { Span } from './span.ts';
import { SpanStore } from './span-store.ts';
import { TraceReading } from './trace-facts.ts';

/** A call as it is written down: who answers, what, and what that calls in turn. */
export interface Call {
  readonly service: string;
  readonly name?: string;
  readonly kind?: Span['kind'];
  readonly isError?: boolean;
  readonly startUs?: number;
  readonly database?: string;
  readonly destination?: string;
  readonly messageType?: string;
  readonly calls?: readonly Call[];
}

let ids = 0;
const idOf = (length: number): string => (++ids).toString(16).padStart(length, '0');

/** The spans of one trace that begins with this call. */
export function traceOf(root: Call): Span[] {
  const traceId = idOf(32);
  const spansOf = (call: Call, parentId: string): Span[] => {
    const spanId = idOf(16);
    const { service, name = 'GET /', kind = 'server', isError = false, startUs = 1_000, calls = [] } = call;
    const { database = '', destination = '', messageType = '' } = call;
    const facts = { database, destination, messageType, peer: '', link: undefined };
    const own = { traceId, spanId, parentId, service, name, kind, startUs, durationUs: 5_000, isError, ...facts };
    return [own, ...calls.flatMap((inner) => spansOf(inner, spanId))];
  };
  return spansOf(root, '');
}

/** What these traces tell. */
export function factsOf(traces: readonly Call[], thresholds: Partial<Thresholds> = {}) {
  const store = new SpanStore();
  for (const span of traces.flatMap(traceOf)) store.add(span);
  return new TraceReading(store, { ...THRESHOLDS, ...thresholds }).read();
}

/** A file that is gone with the machine's other temporary files. */
export function temporaryFile(text: string): string {
  const path = join(tmpdir(), `ashlar-traces-${randomUUID()}.json`);
  writeFileSync(path, text);
  return path;
}
