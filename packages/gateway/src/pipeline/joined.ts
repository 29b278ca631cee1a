import { parseExactly } from '../exact-json.ts';
import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import { isLocal, type Part, type ProxyRoute } from '../routing/route.ts';
import type { Forwarder } from '../upstream/forwarder.ts';
import type { AnswerSink } from '../wire/answer-sink.ts';
import { HeaderList } from '../wire/header-list.ts';
import type { Middleware } from './middleware.ts';

/** One answer out of those of several services, asked at the same time. */
export const joined =
  (forwarder: Forwarder): Middleware =>
  (exchange, next) => {
    const { route, method } = exchange;
    if (!route || isLocal(route) || !route.joins || method !== 'GET') return next(exchange);
    return join(exchange, route, forwarder);
  };

async function join(exchange: Exchange, route: ProxyRoute, forwarder: Forwarder): Promise<void> {
  const { as, parts } = route.joins!;
  const { joins: _, ...main } = route;
  const names = Object.keys(parts);
  const under = new UnderWay();
  exchange.relay = under;
  const [first, ...others] = await Promise.all([
    asked(exchange, { route: main, forwarder, under }),
    ...names.map((name) => partOf(exchange, { route: main, part: parts[name]!, forwarder, under })),
  ]).finally(() => under.clientLeft());
  if (first.status >= 300) return pass(exchange, first);
  const body = Object.fromEntries(names.map((name, at) => [name, others[at]]));
  const content = Buffer.from(JSON.stringify({ [as]: first.json(), ...body }));
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  pass(exchange, new Captured(200, HeaderList.of({ ...headers, 'content-length': String(content.length) }), content));
}

function pass({ sink }: Exchange, { status, headers, content }: Captured): void {
  sink.begin(status, headers);
  sink.write(content);
  sink.end();
}

/** What services are asked for one answer: none goes on when nobody waits for it any more. */
class UnderWay {
  readonly #parts: Exchange[] = [];

  add(part: Exchange): void {
    this.#parts.push(part);
  }

  clientLeft(): void {
    for (const part of this.#parts) part.relay?.clientLeft();
  }
}

interface Asked {
  readonly route: ProxyRoute;
  readonly forwarder: Forwarder;
  readonly under: UnderWay;
  /** Where it goes; where the route says when not told. */
  readonly path?: string;
}

interface Asking {
  readonly route: ProxyRoute;
  readonly part: Part;
  readonly forwarder: Forwarder;
  readonly under: UnderWay;
}

/** What the part answers as JSON; null where it may be missing, and is. */
async function partOf(exchange: Exchange, { route, part, forwarder, under }: Asking): Promise<unknown> {
  const { upstream, path, isOptional } = part;
  try {
    const own = { ...route, upstream };
    const answer = await asked(exchange, { route: own, forwarder, under, path: pathFor(exchange, path) });
    if (answer.status < 300) return answer.json();
    throw incomplete();
  } catch (error) {
    if (isOptional) return null;
    throw error;
  }
}

const incomplete = (): Refusal => new Refusal(502, 'upstream_failed', { detail: 'A part of the answer is missing.' });

const pathFor = ({ encodedParameters }: Exchange, path: string): string =>
  path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) => encodedParameters[name] ?? '');

/** What makes sense of the whole answer only. */
const NOT_OF_PARTS = ['if-none-match', 'if-modified-since', 'if-range', 'range', 'accept-encoding'];

async function asked(exchange: Exchange, { route, forwarder, under, path }: Asked): Promise<Captured> {
  const own = exchange.detached();
  under.add(own);
  const captured = new Captured();
  own.sink = captured;
  if (path !== undefined) own.forwardedTarget = { path, query: '' };
  own.forwardedHeaders = (exchange.forwardedHeaders ?? exchange.request.headers).copy();
  for (const name of NOT_OF_PARTS) own.forwardedHeaders.delete(name);
  await forwarder.forward(own, route);
  if (captured.isTooLong) throw incomplete();
  return captured;
}

const LONGEST_BYTES = 4 << 20;

/** Keeps an answer instead of sending it. */
class Captured implements AnswerSink {
  isTooLong = false;
  readonly #parts: Buffer[] = [];
  #size = 0;

  constructor(
    public status = 0,
    public headers: HeaderList = new HeaderList(),
    content?: Buffer,
  ) {
    if (content) this.write(content);
  }

  get content(): Buffer {
    return Buffer.concat(this.#parts, this.#size);
  }

  /** Throws a `Refusal` where it is no JSON. */
  json(): unknown {
    try {
      return parseExactly(this.content.toString());
    } catch {
      throw incomplete();
    }
  }

  interim(): void {}

  begin(status: number, headers: HeaderList): void {
    this.status = status;
    this.headers = headers;
  }

  write(content: Buffer): boolean {
    this.#size += content.length;
    if (this.#size > LONGEST_BYTES) {
      this.isTooLong = true;
      this.#parts.length = 0;
      this.#size = 0;
    }
    if (!this.isTooLong) this.#parts.push(Buffer.from(content));
    return true;
  }

  end(): void {}
  abort(): void {}
  flush(): void {}
  whenDrained(): void {}
}
