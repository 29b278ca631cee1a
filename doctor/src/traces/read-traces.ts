import { createReadStream, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { JsonScanner } from './json-scanner.ts';
import { FORMATS, type Format, formatOf } from './span-formats.ts';
import { SpanStore } from './span-store.ts';

/** The traces cannot be read; the message says what to do. */
export class TracesError extends Error {
  override readonly name = 'TracesError';
}

export interface ReadTraces {
  readonly format: Format;
  readonly spans: SpanStore;
}

/** Called as bytes of the file are read. */
export type OnProgress = (readBytes: number, totalBytes: number) => void;

const PIECE = 1 << 20;

/** Reads OTLP, Jaeger or Zipkin JSON of any size, also compressed by gzip, in bounded memory. */
export async function readTraces(path: string, onProgress: OnProgress = () => {}): Promise<ReadTraces> {
  let total: number;
  try {
    total = statSync(path).size;
  } catch {
    throw new TracesError(`There is no file of traces ${path}.`);
  }
  const file = createReadStream(path, { highWaterMark: PIECE });
  const stream = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: PIECE })) : file;
  const spans = new SpanStore();
  let format: Format | undefined;
  let scanner: JsonScanner | undefined;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      const head = scanner ? '' : piece.toString('utf8');
      format ??= formatOf(head);
      if (!format) throw new TracesError(`${path} is no OTLP, Jaeger or Zipkin JSON.`);
      scanner ??= new JsonScanner(FORMATS[format](spans, head));
      scanner.feed(piece);
      onProgress(file.bytesRead, total);
    }
  } catch (error) {
    if (error instanceof TracesError) throw error;
    throw new TracesError(`${path} cannot be read: ${(error as Error).message}`);
  }
  if (!format || spans.size === 0) throw new TracesError(`There are no spans in ${path}.`);
  return { format, spans };
}

/** Spans in texts that are here already; what is in no known form is left out. */
export function spansIn(texts: readonly string[]): SpanStore {
  const spans = new SpanStore();
  for (const text of texts) {
    const format = formatOf(text);
    if (format) new JsonScanner(FORMATS[format](spans, text)).feed(Buffer.from(text));
  }
  return spans;
}
