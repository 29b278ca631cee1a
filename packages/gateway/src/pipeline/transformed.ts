import { isObject, parseExactly } from '../exact-json.ts';
import type { Exchange } from '../exchange.ts';
import { type JsonShape, reshaped } from '../json-shape.ts';
import { Refusal } from '../refusal.ts';
import { isLocal, type ProxyRoute, type Reshape, type Transformation } from '../routing/route.ts';
import type { Target } from '../routing/target.ts';
import type { HeaderList } from '../wire/header-list.ts';
import { withoutNamed } from '../wire/headers.ts';
import { Passing } from '../wire/passing.ts';
import type { Middleware } from './middleware.ts';

/** Changes what the service gets to see of the request, and the client of the answer. */
export const transformed: Middleware = (exchange, next) => {
  const { route } = exchange;
  if (!route || isLocal(route)) return next(exchange);
  const { rewrite, request, response } = route;
  if (rewrite !== undefined || request?.query) exchange.forwardedTarget = targetFor(exchange, rewrite, request);
  if (request?.headers || isSelective(response)) exchange.forwardedHeaders = headersFor(exchange, route);
  if (request?.body && exchange.body && !exchange.streamsBody && isJson(exchange.request.headers)) {
    exchange.body = changedBody(exchange, request.body);
  }
  if (response) exchange.sink = new Reshaping(exchange, response);
  return next(exchange);
};

function changedBody(exchange: Exchange, shape: JsonShape): Buffer {
  try {
    return Buffer.from(JSON.stringify(reshaped(exchange.json(parseExactly), shape)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Refusal(400, 'malformed_json', { detail: 'The body is nested too deeply.' });
  }
}

type ResponsePolicy = NonNullable<ProxyRoute['response']>;

/** The content is looked into. */
const isSelective = (policy: ResponsePolicy | undefined): boolean => Boolean(policy?.fields || policy?.body);

/** What cannot be looked into is not asked for: a part of the answer, or a compressed one. */
const UNREADABLE = ['accept-encoding', 'range', 'if-range'];

function headersFor({ request }: Exchange, { request: policy, response }: ProxyRoute): HeaderList {
  // What the client names for its connection goes before the route speaks: else it could name what the route sets.
  const headers = withoutNamed(request.headers).copy();
  headers.delete('connection');
  if (isSelective(response)) for (const name of UNREADABLE) headers.delete(name);
  if (policy?.headers) reshape(headers, policy.headers);
  return headers;
}

const isJson = (headers: HeaderList): boolean =>
  JSON_TYPE.test(headers.get('content-type') ?? '') && !headers.has('content-encoding');

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

function reshape(headers: HeaderList, { set = {}, remove = [] }: Reshape): void {
  for (const name of remove) headers.delete(name.toLowerCase());
  for (const name in set) headers.set(name.toLowerCase(), set[name]!);
}

/** `/internal/:id` with the values of the route's path, which stay encoded as they came. */
function targetFor(exchange: Exchange, rewrite: string | undefined, request: Transformation | undefined): Target {
  const { target, encodedParameters } = exchange;
  const { path, query } = target!;
  const search = new URLSearchParams(query);
  for (const name of request?.query?.remove ?? []) search.delete(name);
  for (const [name, value] of Object.entries(request?.query?.set ?? {})) search.set(name, value);
  const rewritten = rewrite?.replaceAll(/:([a-zA-Z]+)|\*/g, (_, name = 'rest') => encodedParameters[name] ?? '');
  const text = request?.query ? search.toString() : query.slice(1);
  return { path: rewritten ?? path, query: text === '' ? '' : `?${text}` };
}

const LONGEST_BYTES = 4 << 20;

/** Fields are left out of what can be read; what should have been read, and cannot be, does not go on at all. */
class Reshaping extends Passing {
  #parts: Buffer[] | undefined;
  #size = 0;
  #head: { readonly status: number; readonly headers: HeaderList } | undefined;
  #isUnreadable = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly policy: ResponsePolicy,
  ) {
    super(exchange.sink);
  }

  override begin(status: number, headers: HeaderList): void {
    if (this.policy.headers) reshape(headers, this.policy.headers);
    if (!isSelective(this.policy)) return super.begin(status, headers);
    // A part of the answer is another answer.
    headers.delete('etag');
    if (status < 200 || status >= 300 || status === 204 || headers.get('content-length') === '0') {
      return super.begin(status, headers);
    }
    if (this.exchange.method === 'HEAD') {
      headers.delete('content-length');
      return super.begin(status, headers);
    }
    const isReadable = isJson(headers) && status !== 206;
    if (!isReadable && !this.policy.fields && !headers.get('content-type')?.includes('json')) {
      return super.begin(status, headers);
    }
    this.#isUnreadable = !isReadable;
    this.#head = { status, headers };
    this.#parts = [];
  }

  override write(content: Buffer): boolean {
    if (!this.#parts) return super.write(content);
    if (this.#isUnreadable) return true;
    this.#size += content.length;
    this.#parts.push(Buffer.from(content));
    if (this.#size > LONGEST_BYTES) this.abort();
    return true;
  }

  override flush(): void {
    if (!this.#parts) super.flush();
  }

  override end(): void {
    if (!this.#parts || !this.#head) return super.end();
    const text = this.#isUnreadable ? undefined : changed(Buffer.concat(this.#parts, this.#size), this.policy);
    if (text === undefined) return this.exchange.refuse(unreadable());
    this.#endSelected(Buffer.from(text), this.#head);
  }

  #endSelected(content: Buffer, { status, headers }: { readonly status: number; readonly headers: HeaderList }): void {
    if (headers.has('content-length')) headers.set('content-length', String(content.length));
    super.begin(status, headers);
    super.write(content);
    super.end();
  }
}

const unreadable = (): Refusal =>
  new Refusal(502, 'upstream_failed', { detail: 'The service answered in another form than was agreed.' });

/** Undefined for what is no JSON. */
function changed(content: Buffer, { fields, body }: ResponsePolicy): string | undefined {
  try {
    const value = parseExactly(content.toString());
    const chosen = fields ? pick(value, pathsOf(fields)) : value;
    return JSON.stringify(body ? reshaped(chosen, body) : chosen);
  } catch {
    return undefined;
  }
}

const pathsOf = (fields: readonly string[]): readonly (readonly string[])[] => fields.map((field) => field.split('.'));

/** The fields of an object by their paths; of a list, those of each item. */
function pick(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, paths));
  if (!isObject(value)) return value;
  const picked: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const within = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    if (within.length > 0) picked[name] = within.some((rest) => rest.length === 0) ? inner : pick(inner, within);
  }
  return picked;
}
