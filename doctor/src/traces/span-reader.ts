import type { ScanHandler } from './json-scanner.ts';
import type { Span } from './span.ts';

/** Takes spans; those of which the service is told only later are named by `name` for all since `begin`. */
export interface SpanSink {
  begin(): void;
  add(span: Span): void;
  name(services: (provisional: string) => string | undefined): void;
}

/** Finds the spans of a format; `head` is the first piece of the text, which tells how they are put together. */
export type SpanReader = (sink: SpanSink, head: string) => ScanHandler;
