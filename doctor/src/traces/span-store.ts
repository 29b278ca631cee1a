import { type Column, doubles, rowsInOrder, words } from './columns.ts';
import { operationOf, type Span, type SpanKind } from './span.ts';
import { SpanIds } from './span-ids.ts';

const MOST_NAMES = 200_000;
const MOST_SHAPES = 200_000;
const MOST_DURATION = 2 ** 32 - 1;

/** Each text once; the first one is empty, and stands for those that are too many. */
class Names {
  readonly #ids = new Map<string, number>([['', 0]]);
  readonly #texts: string[] = [''];

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= MOST_NAMES) return 0;
    this.#texts.push(text);
    this.#ids.set(text, this.#texts.length - 1);
    return this.#texts.length - 1;
  }

  textOf(id: number): string {
    return this.#texts[id]!;
  }
}

/** What many spans have in common: names by their numbers, the kind, and whether it failed. */
interface Shape {
  readonly service: number;
  readonly database: number;
  readonly destination: number;
  readonly messageType: number;
  readonly peer: number;
  readonly kind: SpanKind;
  readonly isError: boolean;
}

/** Each shape once; where there are too many, those that come keep what tells of services and databases. */
class Shapes {
  readonly #ids = new Map<string, number>();
  readonly #shapes: Shape[] = [];

  idOf(shape: Shape): number {
    const { service, database, destination, messageType, peer, kind, isError } = shape;
    const key = `${service} ${database} ${destination} ${messageType} ${peer} ${kind} ${isError}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const isSpare = destination === 0 && messageType === 0 && peer === 0;
    if (this.#shapes.length >= MOST_SHAPES && !isSpare)
      return this.idOf({ ...shape, destination: 0, messageType: 0, peer: 0 });
    this.#shapes.push(shape);
    this.#ids.set(key, this.#shapes.length - 1);
    return this.#shapes.length - 1;
  }

  at(id: number): Shape {
    return this.#shapes[id]!;
  }
}

const MOST_LINKS = 2_000_000;

const keyOf = (spanId: string): number => Number.parseInt(spanId.slice(-13), 16);

/** Spans in columns, 52 bytes each, so that millions of them fit. */
export class SpanStore {
  readonly #ids = Array.from({ length: 8 }, words);
  readonly #names = new Names();
  /** Apart from the names of services and databases, which are few: of these there may be too many. */
  readonly #operations = new Names();
  readonly #shapes = new Shapes();
  readonly #shape = words();
  readonly #operation = words();
  readonly #start = doubles();
  readonly #duration = words();
  /** What consumers follow, by 53 bits of the id of the span: one number each, for there may be millions. */
  readonly #linked = new Set<number>();
  readonly #written = new SpanIds();
  #size = 0;
  #begun = 0;

  get size(): number {
    return this.#size;
  }

  begin(): void {
    this.#begun = this.#size;
  }

  add(span: Span): void {
    const row = this.#size++;
    const written = this.#written;
    const ids = written.hexOf(span.traceId, 32) + written.hexOf(span.spanId, 16) + written.hexOf(span.parentId, 16);
    for (const [at, column] of this.#ids.entries())
      column.set(row, Number.parseInt(ids.slice(at * 8, at * 8 + 8), 16) || 0);
    const shape = {
      service: this.#names.idOf(span.service),
      database: this.#names.idOf(span.database),
      destination: this.#names.idOf(span.destination),
      messageType: this.#names.idOf(span.messageType),
      peer: this.#names.idOf(span.peer),
      kind: span.kind,
      isError: span.isError,
    };
    this.#shape.set(row, this.#shapes.idOf(shape));
    this.#operation.set(row, this.#operations.idOf(operationOf(span.name)));
    this.#start.set(row, span.startUs);
    this.#duration.set(row, Math.max(0, Math.min(span.durationUs, MOST_DURATION)));
    if (span.link && this.#linked.size < MOST_LINKS) {
      this.#linked.add(keyOf(written.hexOf(span.link.spanId, 16)));
    }
  }

  /** Gives spans since `begin` the names of their services, once these are known. */
  name(services: (provisional: string) => string | undefined): void {
    for (let row = this.#begun; row < this.#size; row++) {
      const shape = this.#shapeOf(row);
      const name = services(this.#names.textOf(shape.service));
      if (name !== undefined) this.#shape.set(row, this.#shapes.idOf({ ...shape, service: this.#names.idOf(name) }));
    }
  }

  /** Whether some consumer says that it follows this span. */
  isFollowed(row: number): boolean {
    return this.#linked.has(keyOf(this.#hex(row, 4, 6)));
  }

  /** By the name that OpenTelemetry has for those without one, where none is told. */
  service(row: number): string {
    return this.#names.textOf(this.#shapeOf(row).service) || 'unknown_service';
  }

  operation(row: number): string {
    return this.#operations.textOf(this.#operation.get(row));
  }

  database(row: number): string {
    return this.#names.textOf(this.#shapeOf(row).database);
  }

  destination(row: number): string {
    return this.#names.textOf(this.#shapeOf(row).destination);
  }

  messageType(row: number): string {
    return this.#names.textOf(this.#shapeOf(row).messageType);
  }

  peer(row: number): string {
    return this.#names.textOf(this.#shapeOf(row).peer);
  }

  kind(row: number): SpanKind {
    return this.#shapeOf(row).kind;
  }

  isError(row: number): boolean {
    return this.#shapeOf(row).isError;
  }

  startUs(row: number): number {
    return this.#start.get(row);
  }

  /** At most 71 minutes. */
  durationUs(row: number): number {
    return this.#duration.get(row);
  }

  /** An id of 64 bits is told as it is looked up. */
  traceId(row: number): string {
    return this.#written.writtenAs(this.#hex(row, 0, 4)).replace(/^0{16}(?=[0-9a-f]{16}$)/, '');
  }

  spanId(row: number): string {
    return this.#written.writtenAs(this.#hex(row, 4, 6));
  }

  /** Empty for a root. */
  parentId(row: number): string {
    const id = this.#hex(row, 6, 8);
    return /^0+$/.test(id) ? '' : this.#written.writtenAs(id);
  }

  #shapeOf(row: number): Shape {
    return this.#shapes.at(this.#shape.get(row));
  }

  #hex(row: number, from: number, to: number): string {
    return this.#ids
      .slice(from, to)
      .map((column) => column.get(row).toString(16).padStart(8, '0'))
      .join('');
  }

  /**
   * The rows of each trace, one trace after the other. Some tell the last 64 bits of an id of 128: they come first
   * among those that end so.
   */
  *traces(): Generator<Uint32Array> {
    const [a, b, c, d] = this.#ids as [Column, Column, Column, Column];
    const compare = (one: number, other: number): number =>
      c.get(one) - c.get(other) || b.get(one) - b.get(other) || a.get(one) - a.get(other);
    const isOne = (one: number, other: number): boolean =>
      d.get(one) === d.get(other) &&
      c.get(one) === c.get(other) &&
      ((b.get(one) === b.get(other) && a.get(one) === a.get(other)) || (b.get(one) === 0 && a.get(one) === 0));
    const order = rowsInOrder(this.#size, d, compare);
    let start = 0;
    for (let at = 1; at <= order.length; at++) {
      if (at < order.length && isOne(order[start]!, order[at]!)) continue;
      yield order.subarray(start, at);
      start = at;
    }
  }
}
