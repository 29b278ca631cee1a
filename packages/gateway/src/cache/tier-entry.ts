import { HeaderList } from '../wire/header-list.ts';
import { directivesOf, type StoredAnswer } from './stored-answer.ts';

/** What of a stored answer makes sense elsewhere: times are told as spans, since clocks differ. */
interface Head {
  readonly status: number;
  readonly fields: readonly string[];
  readonly initialAgeMs: number;
  readonly freshForMs: number;
  readonly variant: readonly (readonly [string, string])[];
  readonly tags: readonly string[];
}

const LF = 10;

/** A line of JSON, and the body as it is. */
export function toEntry({ status, headers, initialAgeMs, variant, tags, body, ...times }: StoredAnswer): Buffer {
  const freshForMs = times.freshUntilMs - times.receivedAtMs;
  const head: Head = { status, fields: headers.flat, initialAgeMs, freshForMs, variant: [...variant], tags };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

/** What another gateway has kept so long, as if it had come here then; undefined for what another version wrote. */
export function fromEntry(entry: Buffer, keptMs: number, nowMs: number): StoredAnswer | undefined {
  try {
    return read(entry, keptMs, nowMs);
  } catch {
    return undefined;
  }
}

function read(entry: Buffer, keptMs: number, nowMs: number): StoredAnswer {
  const end = entry.indexOf(LF);
  const { status, fields, initialAgeMs, freshForMs, variant, tags } = JSON.parse(
    entry.toString('utf8', 0, end),
  ) as Head;
  const headers = HeaderList.ofFlat(fields);
  const receivedAtMs = nowMs - keptMs;
  return {
    status,
    headers,
    requestedAtMs: receivedAtMs,
    receivedAtMs,
    initialAgeMs,
    freshUntilMs: receivedAtMs + freshForMs,
    directives: directivesOf(headers).directives,
    variant: new Map(variant),
    tags,
    body: Buffer.from(entry.subarray(end + 1)),
  };
}
