import { isBareMethod } from './span.ts';
import type { SpanStore } from './span-store.ts';

/** A proxy beside the caller, or nobody that is known. */
const HERE = /^(localhost|127\.|0\.0\.0\.0|::1|\[::1)/;

/** A call from one service to another within a trace, that waits for the answer or does not. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  readonly operation: string;
  readonly isSynchronous: boolean;
  /** The span by which the caller was itself called: the parent of all that it does for one request. */
  readonly entry: number;
  /** The first span of the caller in this request: a proxy beside it, or the same as the entry. */
  readonly arrival: number;
  /** The span of the call at the caller, or of its answer where the caller's is missing. */
  readonly row: number;
  /** The span of the answer at the callee; nothing where it has none. */
  readonly answer: number | undefined;
}

/** An exporter that got no answer sends its spans again; the two sides of a call may share an id. */
const isSame = (spans: SpanStore, one: number, other: number): boolean =>
  spans.kind(one) === spans.kind(other) &&
  spans.service(one) === spans.service(other) &&
  spans.startUs(one) === spans.startUs(other);

const isAnswer = (spans: SpanStore, row: number): boolean =>
  spans.kind(row) === 'server' || spans.kind(row) === 'consumer';

/** The spans of one trace with their parents. */
export class TraceTree {
  readonly #parents = new Map<number, number>();
  readonly #children = new Map<number, number[]>();
  readonly #rows: ReadonlySet<number>;
  /** Spans whose parent is not in the trace. */
  readonly orphans: readonly number[];

  readonly rows: readonly number[];

  constructor(
    readonly spans: SpanStore,
    told: Uint32Array,
  ) {
    const byId = new Map<string, number[]>();
    for (const row of told) {
      const id = spans.spanId(row);
      const same = byId.get(id);
      if (!same) byId.set(id, [row]);
      else if (!same.some((one) => isSame(spans, one, row))) same.push(row);
    }
    this.rows = [...byId.values()].flat();
    this.#rows = new Set(this.rows);
    const orphans: number[] = [];
    for (const row of this.rows) {
      const parent = this.#findParent(row, byId);
      if (parent === undefined) {
        if (spans.parentId(row) !== '') orphans.push(row);
        continue;
      }
      this.#parents.set(row, parent);
      const siblings = this.#children.get(parent);
      if (siblings) siblings.push(row);
      else this.#children.set(parent, [row]);
    }
    this.orphans = orphans;
  }

  /** In Zipkin both sides of a call may share one id: the server's span is then the child of the client's. */
  #findParent(row: number, byId: ReadonlyMap<string, readonly number[]>): number | undefined {
    const { spans } = this;
    const twins = (byId.get(spans.spanId(row)) ?? []).filter((one) => one !== row);
    if (isAnswer(spans, row) && twins.length > 0) {
      const client = twins.find((one) => spans.kind(one) === 'client' || spans.kind(one) === 'producer');
      if (client !== undefined) return client;
    }
    const found = (byId.get(spans.parentId(row)) ?? []).filter((one) => one !== row);
    return found.find((one) => spans.service(one) === spans.service(row) && spans.kind(one) === 'server') ?? found[0];
  }

  parentOf(row: number): number | undefined {
    return this.#parents.get(row);
  }

  childrenOf(row: number): readonly number[] {
    return this.#children.get(row) ?? [];
  }

  has(row: number): boolean {
    return this.#rows.has(row);
  }

  get roots(): readonly number[] {
    return this.rows.filter((row) => !this.#parents.has(row) && this.spans.parentId(row) === '');
  }

  /** The outermost span of the same service above a span: the one by which the service was called. */
  entryOf(row: number): number {
    const service = this.spans.service(row);
    let entry = row;
    for (let at = this.parentOf(row), steps = 0; at !== undefined && steps < 10_000; at = this.parentOf(at), steps++) {
      if (this.spans.service(at) !== service) break;
      entry = at;
      if (this.spans.kind(at) === 'server' || this.spans.kind(at) === 'consumer') break;
    }
    return entry;
  }

  /** The outermost span of the same service that waits for this one: there may be a proxy beside the service. */
  arrivalOf(row: number): number {
    const { spans } = this;
    let arrival = row;
    for (let at = row, steps = 0; spans.kind(at) !== 'consumer' && steps < 10_000; steps++) {
      const parent = this.parentOf(at);
      if (parent === undefined || spans.service(parent) !== spans.service(row)) break;
      at = parent;
      arrival = at;
    }
    return arrival;
  }

  /** The spans below which a call has failed: who fails because another one has failed is not the cause. */
  failedBelow(calls: readonly Hop[]): ReadonlySet<number> {
    const marked = new Set<number>();
    for (const { row, answer, isSynchronous } of calls) {
      const isError = this.spans.isError(row) || (answer !== undefined && this.spans.isError(answer));
      if (!isSynchronous || !isError) continue;
      for (let at: number | undefined = row; at !== undefined && !marked.has(at); at = this.parentOf(at))
        marked.add(at);
    }
    return marked;
  }

  /** Every call between services. */
  hops(serviceCalled: (peer: string) => string | undefined): Hop[] {
    return this.rows.flatMap((row) => this.#hopTo(row) ?? this.#hopFrom(row, serviceCalled) ?? []);
  }

  /** The parent belongs to another service: it was called by that. */
  #hopTo(row: number): Hop | undefined {
    const { spans } = this;
    const parent = this.parentOf(row);
    if (parent === undefined || spans.service(parent) === spans.service(row)) return undefined;
    if (this.#isAnsweredBefore(row, parent)) return undefined;
    const isSynchronous = spans.kind(row) !== 'consumer' && spans.kind(parent) !== 'producer';
    return {
      from: spans.service(parent),
      to: spans.service(row),
      operation: spans.operation(row),
      isSynchronous,
      entry: this.entryOf(parent),
      arrival: this.arrivalOf(parent),
      row: parent,
      answer: row,
    };
  }

  /** Under the id of one call several may answer: each replica that has got the message, or was tried. */
  #isAnsweredBefore(row: number, parent: number): boolean {
    const { spans } = this;
    const id = spans.spanId(row);
    if (spans.spanId(parent) !== id) return false;
    return this.childrenOf(parent).find((one) => spans.spanId(one) === id) !== row;
  }

  /** A client's span without an answer: whom it asked is known by its own word only. */
  #hopFrom(row: number, serviceCalled: (peer: string) => string | undefined): Hop | undefined {
    const to = this.#isUnanswered(row) ? serviceCalled(this.spans.peer(row)) : undefined;
    return to === undefined || to === this.spans.service(row) ? undefined : this.#unanswered(row, to);
  }

  /** Calls to those of whom there are no spans at all, where it is told what they are asked. */
  beyond(serviceCalled: (peer: string) => string | undefined): Hop[] {
    const { spans } = this;
    return this.rows
      .filter((row) => {
        const peer = spans.peer(row);
        if (peer === '' || HERE.test(peer) || spans.destination(row) !== '' || !this.#isUnanswered(row)) return false;
        return serviceCalled(peer) === undefined && !isBareMethod(spans.operation(row));
      })
      .map((row) => this.#unanswered(row, spans.peer(row)));
  }

  #isUnanswered(row: number): boolean {
    const { spans } = this;
    if (spans.kind(row) !== 'client' || spans.database(row) !== '') return false;
    return !this.childrenOf(row).some((child) => spans.service(child) !== spans.service(row));
  }

  #unanswered(row: number, to: string): Hop {
    return {
      from: this.spans.service(row),
      to,
      operation: this.spans.operation(row),
      isSynchronous: true,
      entry: this.entryOf(row),
      arrival: this.arrivalOf(row),
      row,
      answer: undefined,
    };
  }
}
