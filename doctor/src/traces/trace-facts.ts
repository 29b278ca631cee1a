import type { Thresholds } from '../model/architecture-file.ts';
import { groupBy } from '../source/group-by.ts';
import { BreakerWatch, type UnbrokenRun } from './breaker-watch.ts';
import { type Asked, Chatter, type Repeated } from './chatter.ts';
import { isNearName, isOutsideName, isProbe, isStorageName } from './service-names.ts';
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
  readonly example: Seen;
}

/** A service that asks another one, and under how many of its calls an answer is found. */
export interface Unanswered {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly answers: number;
  /** A call without one. */
  readonly example: Seen;
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
  /** Questions to a database, again and again. */
  readonly queries: readonly Repeated[];
  readonly asked: readonly Asked[];
  readonly chains: readonly Chain[];
  /** Calls that their callers tell of and nobody else: to services with spans, and to those of whom there are none. */
  readonly uncarried: readonly Unanswered[];
  readonly unseen: readonly Unanswered[];
  readonly databases: ReadonlyMap<string, ReadonlyMap<string, Seen>>;
  readonly failing: readonly Failing[];
  readonly unbroken: readonly UnbrokenRun[];
  /** `headless` are first spans of traces whose caller is in none: alone, so that nothing else is missing. */
  readonly orphans: { readonly count: number; readonly headless: number; readonly example: Seen | undefined };
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

/** Gathers the facts, one trace after the other. */
export class TraceReading {
  readonly #pairs = new Map<string, PairFacts>();
  readonly #chains = new Map<string, Chain>();
  readonly #asked = new Map<string, Unanswered>();
  readonly #unseen = new Map<string, Unanswered>();
  readonly #databases = new Map<string, Map<string, Seen>>();
  readonly #failing = new Map<string, Failing>();
  readonly #entrances = new Map<string, { count: number; example: Seen }>();
  readonly #published = new Map<string, Published>();
  readonly #services: ReadonlySet<string>;
  /** Services that answer somebody; who only asks is outside: a browser, a generator of load. */
  readonly #answering: ReadonlySet<string>;
  readonly #watch: BreakerWatch;
  readonly #chatter: Chatter;
  #orphans = 0;
  #headless = 0;
  #orphan: Seen | undefined;
  #traces = 0;

  constructor(
    private readonly spans: SpanStore,
    thresholds: Thresholds,
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
    this.#chatter = new Chatter(spans, thresholds);
  }

  read(): TraceFacts {
    for (const rows of this.spans.traces()) this.#readTrace(new TraceTree(this.spans, rows));
    return {
      spans: this.spans.size,
      traces: this.#traces,
      services: [...this.#services].sort(),
      pairs: [...this.#pairs.values()],
      repeated: [...this.#chatter.repeated.values()],
      queries: [...this.#chatter.queries.values()],
      asked: [...this.#chatter.asked.values()],
      chains: [...this.#chains.values()],
      uncarried: [...this.#asked.values()].filter(({ calls, answers }) => answers < calls),
      unseen: [...this.#unseen.values()],
      databases: this.#databases,
      failing: [...this.#failing.values()],
      unbroken: this.#watch.runs(),
      orphans: { count: this.#orphans, headless: this.#headless, example: this.#orphan },
      entrances: this.#entrances,
      published: [...this.#published.values()],
    };
  }

  #seen(row: number, text: string): Seen {
    return { traceId: this.spans.traceId(row), spanId: this.spans.spanId(row), text };
  }

  #readTrace(tree: TraceTree): void {
    this.#traces += 1;
    const called = (name: string) => this.#serviceCalled(name);
    const hops = tree.hops(called);
    this.#countPairs(hops);
    const within = hops.filter(({ from }) => !this.#isOutside(from));
    const beyond = tree.beyond(called).filter(({ from }) => !this.#isOutside(from));
    this.#countAnswers(this.#asked, within);
    this.#countAnswers(this.#unseen, beyond);
    this.#chatter.saw(within, beyond);
    this.#chatter.sawQueries(tree);
    this.#readChains(hops);
    const failedBelow = tree.failedBelow([...hops, ...beyond]);
    this.#readFailures(tree, failedBelow, [...within, ...beyond]);
    for (const hop of [...within, ...beyond]) if (hop.isSynchronous) this.#watch.saw(hop, failedBelow);
    const isHeadless = tree.orphans.length === 1 && tree.roots.length === 0;
    if (isHeadless) this.#headless += 1;
    else this.#orphans += tree.orphans.length;
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
    const [host = '', namespace = ''] = peer.split(/[.:]/);
    return [host, `${host}.${namespace}`].find((name) => name !== '' && this.#services.has(name));
  }

  /** Who only asks, and is named like a user or what plays one. */
  #isOutside(service: string): boolean {
    return isOutsideName(service) && (this.#answering === this.#services || !this.#answering.has(service));
  }

  #countPairs(hops: readonly Hop[]): void {
    for (const { from, to, isSynchronous, row } of hops) {
      const key = `${from}\0${to}\0${isSynchronous}`;
      const known = this.#pairs.get(key);
      if (known) known.calls += 1;
      else this.#pairs.set(key, { from, to, isSynchronous, calls: 1, example: this.#seen(row, `${from} → ${to}`) });
    }
  }

  /** A call that failed may not have come to anybody. */
  #countAnswers(counted: Map<string, Unanswered>, hops: readonly Hop[]): void {
    for (const { from, to, isSynchronous, row, answer } of hops) {
      if (!isSynchronous || (answer === undefined && this.spans.isError(row))) continue;
      const key = `${from}\0${to}`;
      const known = counted.get(key);
      const { calls = 0, answers = 0 } = known ?? {};
      const example = known && calls > answers ? known.example : this.#seen(row, `${from} → ${to}`);
      const found = { from, to, calls: calls + 1, answers: answers + (answer === undefined ? 0 : 1), example };
      if (known || counted.size < 10_000) counted.set(key, found);
    }
  }

  /** Services that wait for each other, one behind the other; gateways and storage do not count. */
  #readChains(hops: readonly Hop[]): void {
    const waiting = hops.filter(({ isSynchronous, to }) => isSynchronous && !isStorageName(to));
    const byArrival = groupBy(waiting, ({ arrival }) => arrival);
    const called = new Set(waiting.map(({ answer }) => answer));
    const found = new Map<string, { services: string[]; row: number }>();
    const visit = (hop: Hop, path: readonly string[]): void => {
      const services = [...path, hop.to];
      const next = hop.answer === undefined ? [] : (byArrival.get(hop.answer) ?? []);
      if (next.length === 0 || services.length > 32) found.set(services.join('\0'), { services, row: hop.row });
      else for (const one of next) visit(one, services);
    };
    for (const hop of waiting)
      if (!called.has(hop.arrival)) visit(hop, this.#answering.has(hop.from) ? [hop.from] : []);
    for (const [key, { services, row }] of found) {
      const known = this.#chains.get(key);
      if (known) known.traces += 1;
      else if (this.#chains.size < 10_000) {
        this.#chains.set(key, { services, traces: 1, example: this.#seen(row, services.join(' → ')) });
      }
    }
  }

  #readFailures(tree: TraceTree, failedBelow: ReadonlySet<number>, calls: readonly Hop[]): void {
    const roots = tree.roots.filter((row) => this.spans.kind(row) === 'server' || this.spans.kind(row) === 'client');
    const [root] = roots;
    if (root === undefined) return;
    const failed = new Map<string, number>();
    for (const row of tree.rows) {
      const isAnswer = this.spans.kind(row) === 'server' && this.spans.isError(row) && !failedBelow.has(row);
      if (isAnswer && this.spans.service(row) !== this.spans.service(root)) failed.set(this.spans.service(row), row);
    }
    // Who is down has no spans: that it has not answered is told by who asks it.
    for (const { to, row, answer, isSynchronous } of calls) {
      const isLost = isSynchronous && answer === undefined && this.spans.isError(row) && isNearName(to);
      if (isLost && to !== this.spans.service(root)) failed.set(to, row);
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
      // A database may have spans of its own: who uses it is whom they belong to.
      const parent = isStorageName(service) ? tree.parentOf(row) : undefined;
      const user = parent === undefined ? service : spans.service(parent);
      const users = this.#databases.get(database) ?? new Map<string, Seen>();
      if (!users.has(user)) users.set(user, this.#seen(row, `${user} asks ${database}`));
      this.#databases.set(database, users);
    }
    if (spans.kind(row) === 'server' && spans.parentId(row) === '' && !isProbe(spans.operation(row))) {
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
