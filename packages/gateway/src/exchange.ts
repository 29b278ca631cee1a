import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, PROBLEM_HEADERS } from '@ashlar/http';
import type { TraceContext } from '@ashlar/telemetry';
import { problemText, Refusal } from './refusal.ts';
import type { Answer, Route } from './routing/route.ts';
import type { Match } from './routing/router.ts';
import type { Target } from './routing/target.ts';
import { hasBody, linger } from './wire/body.ts';
import type { Client } from './wire/client-address.ts';

export interface ExchangeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: Client;
  readonly requestId: string;
  readonly nowMs: number;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
}

const SMALL_BODY = 64 << 10;

/** Throws at bytes that are no UTF-8. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** One request on its way through the pipeline, with what the middlewares have found out about it, and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: Client;
  readonly requestId: string;
  readonly nowMs: number;
  readonly expectsContinue: boolean;
  target: Target | undefined;
  match: Match | undefined;
  /** Why the request cannot be read. */
  malformed: Refusal | undefined;
  trace: TraceContext | undefined;
  caller: Caller | undefined;
  /** The token to pass on, since each service verifies it again. Without a caller it could not be verified here. */
  token: string | undefined;
  body: Buffer | undefined;
  /** What of `RateLimit-Policy` and `RateLimit` has been gathered. */
  rateLimitPolicy = '';
  rateLimit = '';
  /** The connection is not to be used again. */
  isLast = false;
  /** The client has gone before it had its answer. */
  isGone = false;
  /** Called when the client goes away in the middle of the answer. */
  onGone: (() => void) | undefined;

  constructor({ request, response, client, requestId, nowMs, expectsContinue }: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.client = client;
    this.requestId = requestId;
    this.nowMs = nowMs;
    this.expectsContinue = expectsContinue;
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get route(): Route | undefined {
    return this.match?.endpoint.routes.get(this.method);
  }

  /** The values in the path, by the names that the route gives them. */
  get parameters(): Readonly<Record<string, string>> {
    const { match, route } = this;
    const names = (route && match?.endpoint.parameterNames.get(route)) ?? [];
    return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match?.values[at] ?? '')]));
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.target?.query);
  }

  /** The body as JSON; 400 when it is none. */
  json(): unknown {
    try {
      return JSON.parse(UTF8.decode(this.body));
    } catch {
      throw new Refusal(400, 'malformed_json', { detail: 'The body is not JSON.' });
    }
  }

  /** Begins the answer. The gateway's own headers come with every one. */
  begin(status: number, headers: string[]): void {
    headers.push('x-request-id', this.requestId);
    if (this.rateLimit !== '') headers.push('ratelimit-policy', this.rateLimitPolicy, 'ratelimit', this.rateLimit);
    if (this.isLast) headers.push('connection', 'close');
    this.response.writeHead(status, headers);
  }

  send({ status, body, headers = {} }: Answer): void {
    const type = body === undefined ? {} : JSON_HEADERS;
    this.#sendText({ status, text: body === undefined ? '' : JSON.stringify(body), headers: { ...type, ...headers } });
  }

  refuse(refusal: Refusal): void {
    const place = { instance: this.target?.path ?? '', traceId: this.trace?.traceId ?? '' };
    const headers = { ...refusal.headers, ...PROBLEM_HEADERS };
    this.#sendText({ status: refusal.status, text: problemText(refusal, place), headers });
  }

  #sendText({ status, text, headers }: TextAnswer): void {
    const flat = Object.entries(headers).flat();
    if (text !== '') flat.push('content-length', String(Buffer.byteLength(text)));
    const unread = hasBody(this.request) && !this.request.complete;
    const small = !this.expectsContinue && Number(this.request.headers['content-length'] ?? Infinity) <= SMALL_BODY;
    if (unread && !small) this.isLast = true;
    this.begin(status, flat);
    if (!unread || small) return void this.response.end(text);
    this.response.write(text);
    linger(this.request, () => this.response.end());
  }
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

interface TextAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}
