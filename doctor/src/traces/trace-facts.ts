import type { Thresholds } from '../model/architecture-file.ts';
import { BreakerWatch, type UnbrokenRun } from './breaker-watch.ts';
import type { SpanStore } from './span-store.ts';
import { type Hop, TraceTree } from './trace-tree.ts';

/** One place in traces, as evidence. */
export interface Seen {
  readonly traceId: string;
  readonly spanId: string;
  readonly text: string;
}

export interface PairFacts {
  readonly from: string;
  readonly to: string;
  readonly isSynchronous: boolean;
  calls: number;
  /** Traces in which there is any. */
  traces: number;
  most: number;
  example: Seen;
}

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

export interface Chain {
  readonly services: readonly string[];
  traces: number;
  readonly example: Seen;
}

export interface Failing {
  readonly service: string;
  /** Requests in which it failed, and of these, those that failed as a whole. */
  failed: number;
  failedAsAWhole: number;
  readonly example: Seen;
}

/** What many traces tell of a system, in numbers. */
export interface TraceFacts {
  readonly spans: number;
  readonly traces: number;
  readonly services: readonly string[];
  readonly pairs: readonly PairFacts[];
  readonly repeated: readonly Repeated[];
  readonly chains: readonly Chain[];
  readonly databases: ReadonlyMap<string, ReadonlyMap<string, Seen>>;
  readonly failing: readonly Failing[];
  readonly unbroken: readonly UnbrokenRun[];
  readonly orphans: { readonly count: number; readonly example: Seen | undefined };
  /** Root spans of servers by service. */
  readonly entrances: ReadonlyMap<string, { readonly count: number; readonly example: Seen }>;
  readonly published: readonly Published[];
  /** Whether more was to come: the file ends within a document. */
  readonly isCut?: boolean;
}

/** Messages of one type that one service has sent; the type is empty where the spans do not tell it. */
export interface Published {
  readonly service: string;
  readonly destination: string;
  readonly type: string;
  heard: number;
  sent: number;
  readonly example: Seen;
}

const GATEWAY = /gateway|(^|-)(ingress|proxy|edge|envoy|istio|nginx|traefik|kong|haproxy|load-?balancer|lb|bff)(-|$)/i;
const STORAGE = new RegExp(
  '(^|[-_.])(redis|memcached?|valkey|postgres(ql)?|mysql|mariadb|mongo(db)?|cassandra|' +
    String.raw`kafka|rabbitmq|nats|elasticsearch|sqs|dynamodb|[a-z]*sql[a-z]*|db)([-_.]|$)`,
  'i',
);
const PROBE = /\/(health\w*|livez|readyz|metrics|ping|live|ready)\b/i;

export const isGatewayName = (name: string): boolean => GATEWAY.test(name);

/** Gathers the facts, one trace after the other. */
export class TraceReading {
  readonly #pairs = new Map<string, PairFacts>();
  readonly #repeated = new Map<string, Repeated>();
  readonly #chains = new Map<string, Chain>();
  readonly #databases = new Map<string, Map<string, Seen>>();
  readonly #failing = new Map<string, Failing>();
  readonly #entrances = new Map<string, { count: number; example: Seen }>();
  readonly #published = new Map<string, Published>();
  readonly #services: ReadonlySet<string>;
  /** Services that answer somebody; who only asks is outside: a browser, a generator of load. */
  readonly #answering: ReadonlySet<string>;
  readonly #watch: BreakerWatch;
  #orphans = 0;
  #orphan: Seen | undefined;
  #traces = 0;

  constructor(
    private readonly spans: SpanStore,
    private readonly thresholds: Thresholds,
  ) {
    const services = new Set<string>();
    const answering = new Set<string>();
    for (let row = 0; row < spans.size; row++) {
      services.add(spans.service(row));
      if (spans.kind(row) === 'server' || spans.kind(row) === 'consumer') answering.add(spans.service(row));
    }
    this.#services = services;
    this.#answering = answering.size > 0 ? answering : services;
    this.#watch = new BreakerWatch(spans, thresholds.failuresBeforeBreak);
  }

  read(): TraceFacts {
    for (const rows of this.spans.traces()) this.#readTrace(new TraceTree(this.spans, rows));
    return {
      spans: this.spans.size,
      traces: this.#traces,
      services: [...this.#services].sort(),
      pairs: [...this.#pairs.values()],
      repeated: [...this.#repeated.values()],
      chains: [...this.#chains.values()],
      databases: this.#databases,
      failing: [...this.#failing.values()],
      unbroken: this.#watch.runs(),
      orphans: { count: this.#orphans, example: this.#orphan },
      entrances: this.#entrances,
      published: [...this.#published.values()],
    };
  }

  #seen(row: number, text: string): Seen {
    return { traceId: this.spans.traceId(row), spanId: this.spans.spanId(row), text };
  }

  #readTrace(tree: TraceTree): void {
    this.#traces += 1;
    const hops = tree.hops((name) => this.#serviceCalled(name));
    this.#countPairs(hops);
    this.#countRepeated(hops);
    this.#readChains(hops);
    this.#readFailures(tree);
    for (const hop of hops) if (hop.isSynchronous) this.#watch.saw(hop);
    this.#orphans += tree.orphans.length;
    const [orphan] = tree.orphans;
    if (orphan !== undefined)
      this.#orphan ??= this.#seen(
        orphan,
        `${this.spans.service(orphan)}: its parent ${this.spans.parentId(orphan)} is missing`,
      );
    for (const row of tree.rows) this.#readSpan(tree, row);
  }

  /** A peer by the name of its service, or by its host: `order.shop.svc.cluster.local`. */
  #serviceCalled(peer: string): string | undefined {
    if (this.#services.has(peer)) return peer;
    const [host = ''] = peer.split(/[.:]/);
    return host !== '' && this.#services.has(host) ? host : undefined;
  }

  #countPairs(hops: readonly Hop[]): void {
    const byPair = Map.groupBy(hops, ({ from, to, isSynchronous }) => `${from}\0${to}\0${isSynchronous}`);
    for (const [key, same] of byPair) {
      const [{ from, to, isSynchronous, row }] = same as [Hop];
      const example = this.#seen(row, `${from} → ${to}: ${same.length} calls in one trace`);
      const facts = this.#pairs.get(key) ?? { from, to, isSynchronous, calls: 0, traces: 0, most: 0, example };
      facts.calls += same.length;
      facts.traces += 1;
      if (same.length > facts.most) Object.assign(facts, { most: same.length, example });
      this.#pairs.set(key, facts);
    }
  }

  /** What has failed before is tried again on purpose, and does not count. */
  #countRepeated(hops: readonly Hop[]): void {
    const calls = hops.filter((hop) => hop.isSynchronous && !this.#hasFailed(hop));
    const same = Map.groupBy(calls, ({ entry, to, operation }) => `${entry}\0${to}\0${operation}`);
    for (const group of same.values()) {
      if (group.length < this.thresholds.repeatedOperation) continue;
      const [{ from, to, operation, entry }] = group as [Hop];
      const example = this.#seen(
        entry,
        `${from}: ${operation} of ${to} ${group.length} times under ${this.spans.operation(entry)}`,
      );
      const key = `${from}\0${to}\0${operation}`;
      const facts = this.#repeated.get(key) ?? { from, to, operation, times: 0, parents: 0, example };
      facts.parents += 1;
      if (group.length > facts.times) Object.assign(facts, { times: group.length, example });
      this.#repeated.set(key, facts);
    }
  }

  /** Without a span of the call itself, the caller's own says nothing of it: the answer does. */
  #hasFailed({ row, answer }: Hop): boolean {
    const isCall = answer === undefined || this.spans.kind(row) === 'client';
    return (isCall && this.spans.isError(row)) || (answer !== undefined && this.spans.isError(answer));
  }

  /** Services that wait for each other, one behind the other; gateways and storage do not count. */
  #readChains(hops: readonly Hop[]): void {
    const waiting = hops.filter(({ isSynchronous, to }) => isSynchronous && !this.#isStorage(to));
    const byEntry = Map.groupBy(waiting, ({ entry }) => entry);
    const called = new Set(waiting.map(({ answer }) => answer));
    const found = new Map<string, { services: string[]; row: number }>();
    const visit = (hop: Hop, path: readonly string[]): void => {
      const services = [...path, hop.to];
      const next = hop.answer === undefined ? [] : (byEntry.get(hop.answer) ?? []);
      if (next.length === 0 || services.length > 32) found.set(services.join('\0'), { services, row: hop.row });
      else for (const one of next) visit(one, services);
    };
    for (const hop of waiting) if (!called.has(hop.entry)) visit(hop, this.#answering.has(hop.from) ? [hop.from] : []);
    for (const [key, { services, row }] of found) {
      const known = this.#chains.get(key);
      if (known) known.traces += 1;
      else if (this.#chains.size < 10_000) {
        this.#chains.set(key, { services, traces: 1, example: this.#seen(row, services.join(' → ')) });
      }
    }
  }

  #isStorage(service: string): boolean {
    return STORAGE.test(service) && !/service|svc|api/.test(service);
  }

  #readFailures(tree: TraceTree): void {
    const roots = tree.roots.filter((row) => this.spans.kind(row) === 'server' || this.spans.kind(row) === 'client');
    const [root] = roots;
    if (root === undefined) return;
    const failed = new Map<string, number>();
    for (const row of tree.rows) {
      const isAnswer = this.spans.kind(row) === 'server' && this.spans.isError(row);
      if (isAnswer && this.spans.service(row) !== this.spans.service(root)) failed.set(this.spans.service(row), row);
    }
    for (const [service, row] of failed) {
      const example = this.#seen(row, `${service} fails, and ${this.spans.operation(root)} with it`);
      const facts = this.#failing.get(service) ?? { service, failed: 0, failedAsAWhole: 0, example };
      facts.failed += 1;
      if (this.spans.isError(root)) facts.failedAsAWhole += 1;
      this.#failing.set(service, facts);
    }
  }

  #readSpan(tree: TraceTree, row: number): void {
    const { spans } = this;
    const service = spans.service(row);
    const database = spans.database(row);
    if (database !== '' && !database.endsWith('://')) {
      const users = this.#databases.get(database) ?? new Map<string, Seen>();
      if (!users.has(service)) users.set(service, this.#seen(row, `${service} asks ${database}`));
      this.#databases.set(database, users);
    }
    if (spans.kind(row) === 'server' && spans.parentId(row) === '' && !PROBE.test(spans.operation(row))) {
      const entrance = this.#entrances.get(service) ?? {
        count: 0,
        example: this.#seen(row, `${service}: ${spans.operation(row)}`),
      };
      this.#entrances.set(service, { ...entrance, count: entrance.count + 1 });
    }
    if (spans.kind(row) === 'producer') this.#readPublished(tree, row);
  }

  #readPublished(tree: TraceTree, row: number): void {
    const { spans } = this;
    const [service, destination] = [spans.service(row), spans.destination(row) || spans.operation(row)];
    const isHeard =
      tree.childrenOf(row).some((child) => spans.kind(child) === 'consumer' || spans.service(child) !== service) ||
      spans.isFollowed(row);
    const example = this.#seen(row, `${service} sends to ${destination}`);
    const type = spans.messageType(row);
    const key = `${service}\0${destination}\0${type}`;
    const facts = this.#published.get(key) ?? {
      service,
      destination,
      type,
      heard: 0,
      sent: 0,
      example,
    };
    facts.sent += 1;
    if (isHeard) facts.heard += 1;
    this.#published.set(key, facts);
  }
}
