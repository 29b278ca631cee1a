import type { NewEvent, StoredEvent } from './event-store.ts';

/** Converts the data of one version of an event to the next. Pure: it runs on every read. */
// biome-ignore lint/suspicious/noExplicitAny: what was stored long ago has the shape that its upcaster says it has.
export type Upcast = (old: any) => unknown;

/** An event that this code does not know, or only in an older version: better a loud failure than a wrong balance. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

/** An event whose upcaster has thrown: its data do not have the shape that the upcaster expects. */
export class UpcastError extends Error {
  override readonly name = 'UpcastError';
}

/** Every type of event that a store may contain, and how its older versions are upcast. */
export class EventTypes {
  readonly #upcasts: ReadonlyMap<string, readonly Upcast[]>;

  constructor(upcasts: Readonly<Record<string, readonly Upcast[]>>) {
    const versioned = Object.keys(upcasts).find((name) => versionIn(name));
    if (versioned) throw new Error(`${versioned} is no name of an event: its version is the number of its upcasters.`);
    this.#upcasts = new Map(Object.entries(upcasts));
  }

  /** The event as it is stored: the type with its version, where that is not the first. */
  toStored({ type, data }: NewEvent): NewEvent {
    const upcasts = this.#upcasts.get(type);
    if (!upcasts) throw new UnknownEventError(`An event of the type ${type} cannot be stored: it is not known.`);
    return { type: upcasts.length === 0 ? type : `${type}.v${upcasts.length + 1}`, data };
  }

  /** The event in its current version. Throws `UnknownEventError` and `UpcastError`. */
  toToday(stored: StoredEvent): StoredEvent {
    const known = this.#upcasts.get(stored.type);
    if (known?.length === 0) return stored;
    const version = versionIn(stored.type);
    const type = version ? stored.type.slice(0, -`.v${version}`.length) : stored.type;
    const upcasts = this.#upcasts.get(type);
    if (!upcasts) throw unknown(stored, 'which is not known here');
    const newest = upcasts.length + 1;
    if ((version ?? 1) > newest) throw unknown(stored, `which is known here up to v${newest} only`);
    return { ...stored, type, data: upcasted(stored, upcasts.slice((version ?? 1) - 1)) };
  }
}

/**
 * Every type of event by its name, with one upcaster for each earlier version, the oldest first. Keep them for as long
 * as such events are stored.
 */
export const eventTypes = <Event extends { readonly type: string }>(
  upcasts: Readonly<Record<Event['type'], readonly Upcast[]>>,
): EventTypes => new EventTypes(upcasts);

const versionIn = (type: string): number | undefined => {
  const version = /\.v([1-9]\d*)$/.exec(type)?.[1];
  return version === undefined ? undefined : Number(version);
};

const unknown = ({ stream, version, type }: StoredEvent, why: string): UnknownEventError =>
  new UnknownEventError(`Stream ${stream} holds at version ${version} an event of the type ${type}, ${why}.`);

function upcasted(stored: StoredEvent, upcasts: readonly Upcast[]): unknown {
  try {
    return upcasts.reduce((old, upcast) => upcast(old), stored.data);
  } catch (cause) {
    const { stream, version, type } = stored;
    const where = `Stream ${stream} holds at version ${version} an event of the type ${type}`;
    throw new UpcastError(`${where}, which cannot be brought up to date: ${String(cause)}`, { cause });
  }
}
