import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants, createGunzip } from 'node:zlib';
import { JsonScanner } from './json-scanner.ts';
import { FORMATS, type Format, formatOf, isWithoutSpans } from './span-formats.ts';
import { SpanStore } from './span-store.ts';

/** The traces cannot be read; the message says what to do. */
export class TracesError extends Error {
  override readonly name = 'TracesError';
}

export interface ReadTraces {
  readonly format: Format;
  readonly spans: SpanStore;
  /** Whether the file ends within a document: what comes after is not known. */
  readonly isCut: boolean;
}

/** Called as bytes of the file are read. */
export type OnProgress = (readBytes: number, totalBytes: number) => void;

const PIECE = 1 << 20;

/** Reads OTLP, Jaeger or Zipkin JSON of any size, also compressed by gzip, in bounded memory; several files as one. */
export async function readTraces(
  paths: string | readonly string[],
  onProgress: OnProgress = () => {},
): Promise<ReadTraces> {
  const files = [paths].flat().map((path) => ({ path, size: sizeOf(path) }));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const spans = new SpanStore();
  const read: { format: Format; isCut: boolean }[] = [];
  let before = 0;
  for (const { path, size } of files) {
    read.push(await readFile(path, spans, (bytes) => onProgress(before + bytes, total)));
    before += size;
  }
  return { format: read[0]!.format, spans, isCut: read.some(({ isCut }) => isCut) };
}

async function readFile(path: string, spans: SpanStore, onProgress: (bytes: number) => void) {
  const [first, second] = firstBytes(path);
  if (first === 0xff && second === 0xfe) throw new TracesError(`${path} is written in UTF-16: write it in UTF-8.`);
  const pieces = first === 0x1f && second === 0x8b ? unzipped(path) : piecesOf(path);
  const before = spans.size;
  let format: Format | undefined;
  let scanner: JsonScanner | undefined;
  try {
    for await (const { piece, read } of pieces) {
      const head = scanner ? '' : piece.toString('utf8');
      format ??= formatOf(head);
      if (!format) throw new TracesError(isWithoutSpans(head) ? noSpans(path) : noTraces(path));
      scanner ??= new JsonScanner(FORMATS[format](spans, head));
      scanner.feed(piece);
      onProgress(read);
    }
  } catch (error) {
    if (error instanceof TracesError) throw error;
    throw new TracesError(`${path} cannot be read: ${(error as Error).message}`);
  }
  if (!format || spans.size === before) throw new TracesError(noSpans(path));
  return { format, isCut: scanner?.isOpen === true };
}

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new TracesError(`There is no file of traces ${path}.`);
  if (found.isDirectory()) throw new TracesError(`${path} is a folder: name a file of traces.`);
  return found.size;
}

interface Piece {
  readonly piece: Buffer;
  /** Bytes of the file that have been read so far. */
  readonly read: number;
}

/** A file in one buffer, again and again: one for each piece would pile up until they are collected. */
async function* piecesOf(path: string): AsyncGenerator<Piece> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(PIECE);
    let read = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE);
      if (bytesRead === 0) return;
      read += bytesRead;
      yield { piece: buffer.subarray(0, bytesRead), read };
    }
  } finally {
    await file.close();
  }
}

async function* unzipped(path: string): AsyncGenerator<Piece> {
  const file = createReadStream(path, { highWaterMark: PIECE });
  // What is cut is read as far as it goes, as it is where it is not compressed.
  const text = file.pipe(createGunzip({ chunkSize: PIECE, finishFlush: constants.Z_SYNC_FLUSH }));
  file.once('error', (error) => text.destroy(error));
  try {
    for await (const piece of text as AsyncIterable<Buffer>) yield { piece, read: file.bytesRead };
  } finally {
    file.destroy();
  }
}

const noSpans = (path: string): string =>
  `There are no spans in ${path}, or none as OTLP, Jaeger and Zipkin write them.`;
const noTraces = (path: string): string => `${path} is no OTLP, Jaeger or Zipkin JSON.`;

function firstBytes(path: string): Buffer {
  const bytes = Buffer.alloc(2);
  try {
    const file = openSync(path, 'r');
    const length = readSync(file, bytes, 0, 2, 0);
    closeSync(file);
    return bytes.subarray(0, length);
  } catch (error) {
    throw new TracesError(`${path} cannot be read: ${(error as Error).message}`);
  }
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
