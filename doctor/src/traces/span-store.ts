import { operationOf, type Span, type SpanKind } from './span.ts';
import { SpanIds } from './span-ids.ts';

const KINDS: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer'];
const CHUNK = 1 << 16;
const MOST_NAMES = 200_000;

/** Numbers in chunks: it grows without copying, and a number takes what its type takes. */
class Column {
  readonly #chunks: (Uint32Array | Float64Array | Uint8Array)[] = [];

  constructor(private readonly make: (length: number) => Uint32Array | Float64Array | Uint8Array) {}

  set(row: number, value: number): void {
    const chunk = row >>> 16;
    this.#chunks[chunk] ??= this.make(CHUNK);
    this.#chunks[chunk][row & (CHUNK - 1)] = value;
  }

  get(row: number): number {
    return this.#chunks[row >>> 16]![row & (CHUNK - 1)]!;
  }
}

const words = (): Column => new Column((length) => new Uint32Array(length));

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

const MOST_LINKS = 2_000_000;

const keyOf = (spanId: string): number => Number.parseInt(spanId.slice(-13), 16);

/** Spans in columns, some 70 bytes each, so that millions of them fit. */
export class SpanStore {
  readonly #ids = Array.from({ length: 8 }, words);
  readonly #names = new Names();
  /** Apart from the names of services and databases, which are few: of these there may be too many. */
  readonly #operations = new Names();
  readonly #service = words();
  readonly #operation = words();
  readonly #database = words();
  readonly #destination = words();
  readonly #messageType = words();
  readonly #peer = words();
  readonly #kind = new Column((length) => new Uint8Array(length));
  readonly #error = new Column((length) => new Uint8Array(length));
  readonly #start = new Column((length) => new Float64Array(length));
  readonly #duration = new Column((length) => new Float64Array(length));
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
    this.#service.set(row, this.#names.idOf(span.service));
    this.#operation.set(row, this.#operations.idOf(operationOf(span.name)));
    this.#database.set(row, this.#names.idOf(span.database));
    this.#destination.set(row, this.#names.idOf(span.destination));
    this.#messageType.set(row, this.#names.idOf(span.messageType));
    this.#peer.set(row, this.#names.idOf(span.peer));
    this.#kind.set(row, KINDS.indexOf(span.kind));
    this.#error.set(row, span.isError ? 1 : 0);
    this.#start.set(row, span.startUs);
    this.#duration.set(row, span.durationUs);
    if (span.link && this.#linked.size < MOST_LINKS) {
      this.#linked.add(keyOf(written.hexOf(span.link.spanId, 16)));
    }
  }

  /** Gives spans since `begin` the names of their services, once these are known. */
  name(services: (provisional: string) => string | undefined): void {
    for (let row = this.#begun; row < this.#size; row++) {
      const name = services(this.#names.textOf(this.#service.get(row)));
      if (name !== undefined) this.#service.set(row, this.#names.idOf(name));
    }
  }

  /** Whether some consumer says that it follows this span. */
  isFollowed(row: number): boolean {
    return this.#linked.has(keyOf(this.#hex(row, 4, 6)));
  }

  /** By the name that OpenTelemetry has for those without one, where none is told. */
  service(row: number): string {
    return this.#names.textOf(this.#service.get(row)) || 'unknown_service';
  }

  operation(row: number): string {
    return this.#operations.textOf(this.#operation.get(row));
  }

  database(row: number): string {
    return this.#names.textOf(this.#database.get(row));
  }

  destination(row: number): string {
    return this.#names.textOf(this.#destination.get(row));
  }

  messageType(row: number): string {
    return this.#names.textOf(this.#messageType.get(row));
  }

  peer(row: number): string {
    return this.#names.textOf(this.#peer.get(row));
  }

  kind(row: number): SpanKind {
    return KINDS[this.#kind.get(row)]!;
  }

  isError(row: number): boolean {
    return this.#error.get(row) === 1;
  }

  startUs(row: number): number {
    return this.#start.get(row);
  }

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
    const order = new Uint32Array(this.#size);
    for (let row = 0; row < order.length; row++) order[row] = row;
    const [a, b, c, d] = this.#ids as [Column, Column, Column, Column];
    const compare = (one: number, other: number): number =>
      d.get(one) - d.get(other) || c.get(one) - c.get(other) || b.get(one) - b.get(other) || a.get(one) - a.get(other);
    const isOne = (one: number, other: number): boolean =>
      d.get(one) === d.get(other) &&
      c.get(one) === c.get(other) &&
      ((b.get(one) === b.get(other) && a.get(one) === a.get(other)) || (b.get(one) === 0 && a.get(one) === 0));
    order.sort(compare);
    let start = 0;
    for (let at = 1; at <= order.length; at++) {
      if (at < order.length && isOne(order[start]!, order[at]!)) continue;
      yield order.subarray(start, at);
      start = at;
    }
  }
}
