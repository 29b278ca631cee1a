import { unfitName, unstorable } from '@ashlar/postgres';
import type { Append, ReadAllOptions, ReadOptions } from './event-store.ts';

/** Throws for a name that may be taken for that of another stream. */
export function checkStream(stream: string): void {
  const wrong = unfitName(stream);
  if (wrong) throw new TypeError(`The name of a stream ${wrong}: ${JSON.stringify(stream.slice(0, 100))}`);
}

/** Throws for what would not be read as it is told here. */
export function checkAppend({ stream, events, snapshot }: Append): void {
  checkStream(stream);
  for (const { type, data } of events) {
    const wrong = unfitName(type);
    if (wrong) throw new TypeError(`The type of an event ${wrong}: ${JSON.stringify(type.slice(0, 100))}`);
    check(`The data of ${type} for the stream ${stream}`, data);
  }
  if (snapshot) check(`The snapshot of the stream ${stream}`, snapshot.state);
}

/** Throws for what is no place in a stream or in the store, no number of events, and no moment. */
export function checkReading({ from, to, after, upTo, limit, asOf }: Partial<ReadOptions & ReadAllOptions>): void {
  for (const [name, place] of Object.entries({ from, to, after, upTo, limit }))
    if (place !== undefined && !Number.isSafeInteger(place))
      throw new TypeError(`Events are read by whole numbers, and "${name}" is ${place}.`);
  if (limit !== undefined && limit < 0) throw new TypeError(`So many events cannot be read: "limit" is ${limit}.`);
  if (asOf !== undefined && !(asOf instanceof Date && Number.isFinite(asOf.getTime())))
    throw new TypeError(`Events are read as of a moment, and "asOf" is ${String(asOf)}.`);
}

function check(what: string, data: unknown): void {
  const wrong = unstorable(data);
  if (wrong) throw new TypeError(`${what} cannot be kept as JSON: ${wrong}.`);
}
