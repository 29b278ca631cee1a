import type { Thresholds } from '../model/architecture-file.ts';
import { groupBy } from '../source/group-by.ts';
import type { SpanStore } from './span-store.ts';
import type { Seen } from './trace-facts.ts';
import type { Hop, TraceTree } from './trace-tree.ts';

export interface Repeated {
  readonly from: string;
  readonly to: string;
  readonly operation: string;
  /** The most under one parent. */
  times: number;
  /** Parents under which it is too often. */
  parents: number;
  example: Seen;
}

/** How often one service asks another for each request of one of its operations that needs it. */
export interface Asked {
  readonly from: string;
  readonly to: string;
  /** What the caller was asked for. */
  readonly request: string;
  calls: number;
  requests: number;
  most: number;
  example: Seen;
}

const MOST_KINDS = 100_000;
const READS =
  /^(select|with|(batch)?get(item)?|hget|hgetall|smembers|lrange|z?range|exists|find\w*|query|aggregate|count)\s+\S/i;

/** Counts what is asked for one request, without what was asked again after an error. */
export class Chatter {
  readonly repeated = new Map<string, Repeated>();
  readonly queries = new Map<string, Repeated>();
  readonly asked = new Map<string, Asked>();

  constructor(
    private readonly spans: SpanStore,
    private readonly thresholds: Thresholds,
  ) {}

  /** `within` is between services; `beyond` asks those of which there are no spans. */
  saw(within: readonly Hop[], beyond: readonly Hop[]): void {
    const isAnswered = (hop: Hop): boolean => hop.isSynchronous && !this.#hasFailed(hop);
    this.#countRequests(within.filter(isAnswered));
    this.#countRepeated([...within, ...beyond].filter(isAnswered), this.repeated);
  }

  /** The same question to a database again and again; what changes something is not one of a list. */
  sawQueries(tree: TraceTree): void {
    const { spans } = this;
    const queries = tree.rows.filter(
      (row) => spans.database(row) !== '' && !spans.isError(row) && READS.test(spans.operation(row)),
    );
    if (queries.length < this.thresholds.repeatedOperation) return;
    const hops = queries
      .filter((row) => !/\bfor (no key )?update\b/i.test(spans.operation(row)))
      .map((row) => ({
        from: spans.service(row),
        to: spans.database(row),
        operation: spans.operation(row),
        entry: tree.entryOf(row),
      }));
    this.#countRepeated(hops, this.queries);
  }

  #seen(row: number, text: string): Seen {
    return { traceId: this.spans.traceId(row), spanId: this.spans.spanId(row), text };
  }

  #countRequests(hops: readonly Hop[]): void {
    const byRequest = groupBy(hops, ({ entry, to }) => `${entry}\0${to}`);
    for (const same of byRequest.values()) {
      const [{ from, to, entry }] = same as [Hop];
      const request = this.spans.operation(entry);
      const key = `${from}\0${to}\0${request}`;
      const example = this.#seen(entry, `${from} → ${to}: ${same.length} calls for one ${request}`);
      const facts = this.asked.get(key) ?? { from, to, request, calls: 0, requests: 0, most: 0, example };
      facts.calls += same.length;
      facts.requests += 1;
      if (same.length > facts.most) Object.assign(facts, { most: same.length, example });
      if (this.asked.size < MOST_KINDS || this.asked.has(key)) this.asked.set(key, facts);
    }
  }

  #countRepeated(
    hops: readonly Pick<Hop, 'from' | 'to' | 'operation' | 'entry'>[],
    found: Map<string, Repeated>,
  ): void {
    const named = hops.filter(({ operation }) => operation !== '');
    const same = groupBy(named, ({ entry, to, operation }) => `${entry}\0${to}\0${operation}`);
    for (const group of same.values()) {
      if (group.length < this.thresholds.repeatedOperation) continue;
      const { from, to, operation, entry } = group[0]!;
      const text = `${from}: ${operation} of ${to} ${group.length} times under ${this.spans.operation(entry)}`;
      const example = this.#seen(entry, text);
      const key = `${from}\0${to}\0${operation}`;
      const facts = found.get(key) ?? { from, to, operation, times: 0, parents: 0, example };
      facts.parents += 1;
      if (group.length > facts.times) Object.assign(facts, { times: group.length, example });
      found.set(key, facts);
    }
  }

  /** Without a span of the call itself, the caller's own says nothing of it: the answer does. */
  #hasFailed({ row, answer }: Hop): boolean {
    const isCall = answer === undefined || this.spans.kind(row) === 'client';
    return (isCall && this.spans.isError(row)) || (answer !== undefined && this.spans.isError(answer));
  }
}
