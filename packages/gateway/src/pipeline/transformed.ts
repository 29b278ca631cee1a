import type { Exchange } from '../exchange.ts';
import { reshaped } from '../json-shape.ts';
import { isLocal, type ProxyRoute, type Reshape, type Transformation } from '../routing/route.ts';
import type { Target } from '../routing/target.ts';
import type { HeaderList } from '../wire/header-list.ts';
import { Passing } from '../wire/passing.ts';
import type { Middleware } from './middleware.ts';

/** Changes what the service gets to see of the request, and the client of the answer. */
export const transformed: Middleware = (exchange, next) => {
  const { route } = exchange;
  if (!route || isLocal(route)) return next(exchange);
  const { rewrite, request, response } = route;
  if (rewrite !== undefined || request?.query) exchange.forwardedTarget = targetFor(exchange, rewrite, request);
  if (request?.headers) {
    exchange.forwardedHeaders = exchange.request.headers.copy();
    reshape(exchange.forwardedHeaders, request.headers);
  }
  if (request?.body && exchange.body && !exchange.streamsBody && isJson(exchange.request.headers)) {
    exchange.body = Buffer.from(JSON.stringify(reshaped(exchange.json(), request.body)));
  }
  if (response) exchange.sink = new Reshaping(exchange, response);
  return next(exchange);
};

const isJson = (headers: HeaderList): boolean =>
  headers.get('content-type')?.startsWith('application/json') === true && !headers.has('content-encoding');

function reshape(headers: HeaderList, { set = {}, remove = [] }: Reshape): void {
  for (const name of remove) headers.delete(name.toLowerCase());
  for (const name in set) headers.set(name.toLowerCase(), set[name]!);
}

/** `/internal/:id` with the values of the route's path, which stay encoded as they came. */
function targetFor(exchange: Exchange, rewrite: string | undefined, request: Transformation | undefined): Target {
  const { target, parameters } = exchange;
  const { path, query } = target!;
  const search = new URLSearchParams(query);
  for (const name of request?.query?.remove ?? []) search.delete(name);
  for (const [name, value] of Object.entries(request?.query?.set ?? {})) search.set(name, value);
  const rewritten = rewrite?.replaceAll(/:([a-zA-Z]+)|\*/g, (_, name: string | undefined) =>
    name === undefined ? (parameters['rest'] ?? '') : encodeURIComponent(parameters[name] ?? ''),
  );
  const text = request?.query ? search.toString() : query.slice(1);
  return { path: rewritten ?? path, query: text === '' ? '' : `?${text}` };
}

const LONGEST_BYTES = 4 << 20;

class Reshaping extends Passing {
  #parts: Buffer[] | undefined;
  #size = 0;
  #head: { readonly status: number; readonly headers: HeaderList } | undefined;

  constructor(
    exchange: Exchange,
    private readonly policy: NonNullable<ProxyRoute['response']>,
  ) {
    super(exchange.sink);
  }

  override begin(status: number, headers: HeaderList): void {
    if (this.policy.headers) reshape(headers, this.policy.headers);
    const { fields, body } = this.policy;
    if (!(fields || body) || !isJson(headers) || status < 200 || status >= 300) return super.begin(status, headers);
    this.#head = { status, headers };
    this.#parts = [];
  }

  override write(content: Buffer): boolean {
    if (!this.#parts) return super.write(content);
    this.#size += content.length;
    this.#parts.push(Buffer.from(content));
    if (this.#size > LONGEST_BYTES) this.abort();
    return true;
  }

  override flush(): void {
    if (!this.#parts) super.flush();
  }

  override end(): void {
    if (this.#parts && this.#head) this.#endSelected(Buffer.concat(this.#parts, this.#size), this.#head);
    super.end();
  }

  #endSelected(body: Buffer, { status, headers }: { readonly status: number; readonly headers: HeaderList }): void {
    const content = Buffer.from(changed(body.toString(), this.policy));
    // A part of the answer is another answer.
    headers.delete('etag');
    if (headers.has('content-length')) headers.set('content-length', String(content.length));
    super.begin(status, headers);
    super.write(content);
  }
}

function changed(text: string, { fields, body }: NonNullable<ProxyRoute['response']>): string {
  try {
    const value: unknown = JSON.parse(text);
    const chosen = fields ? pick(value, pathsOf(fields)) : value;
    return JSON.stringify(body ? reshaped(chosen, body) : chosen);
  } catch {
    return text;
  }
}

const pathsOf = (fields: readonly string[]): readonly (readonly string[])[] => fields.map((field) => field.split('.'));

/** The fields of an object by their paths; of a list, those of each item. */
function pick(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, paths));
  if (typeof value !== 'object' || value === null) return value;
  const picked: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const within = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    if (within.length > 0) picked[name] = within.some((rest) => rest.length === 0) ? inner : pick(inner, within);
  }
  return picked;
}
