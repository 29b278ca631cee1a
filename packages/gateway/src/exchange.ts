import { PROBLEM_HEADERS } from '@ashlar/http';
import { contextOrNew, type RequestContext, runInContext, type TraceContext } from '@ashlar/telemetry';
import type { Identity } from './auth/identity.ts';
import type { StoredAnswer } from './cache/stored-answer.ts';
import { problemText, Refusal, tooLarge } from './refusal.ts';
import type { Answer, Route } from './routing/route.ts';
import type { Match } from './routing/router.ts';
import type { Target } from './routing/target.ts';
import type { AnswerSink } from './wire/answer-sink.ts';
import type { Client } from './wire/client-address.ts';
import type { ClientConnection } from './wire/client-connection.ts';
import type { ClientRequest } from './wire/client-request.ts';
import { ClientResponse } from './wire/client-response.ts';
import { HeaderList, isFieldValue } from './wire/header-list.ts';
import { Passing } from './wire/passing.ts';
import type { Tunnel } from './wire/tunnel.ts';

export interface ExchangeOptions {
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  readonly connection: ClientConnection;
  readonly client: Client;
  readonly requestId: string;
  readonly nowMs: number;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
}

const SMALL_BODY = 64 << 10;
const BODY_LIMIT_BYTES = 1 << 20;

/** Throws at bytes that are no UTF-8. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** One request on its way through the pipeline, with what the middlewares have found out about it, and its answer. */
export class Exchange {
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  readonly connection: ClientConnection;
  readonly client: Client;
  readonly requestId: string;
  readonly nowMs: number;
  readonly expectsContinue: boolean;
  /** The way to the client without anything before it. */
  readonly ownSink: AnswerSink;
  /** Where the answer goes: the client, or what middlewares have put before it. */
  sink: AnswerSink;
  target: Target | undefined;
  match: Match | undefined;
  /** The route of its path and method, where there is one. */
  route: Route | undefined;
  /** Why the request cannot be read. */
  malformed: Refusal | undefined;
  /** What it carries through every call. */
  context: RequestContext | undefined;
  caller: Identity | undefined;
  /**
   * The token to pass on, since each service verifies it: the gateway's own, or the client's. Without a caller it could
   * not be verified here.
   */
  token: string | undefined;
  body: Buffer | undefined;
  /** What a service gets to see of the client's headers, where that is not what came. */
  forwardedHeaders: HeaderList | undefined;
  /** Where it goes at the service, where that is not what the client asked for. */
  forwardedTarget: Target | undefined;
  /** It is done for the gateway's own sake: no client waits. */
  isDetached = false;
  /** The body is passed on while it comes in. */
  streamsBody = false;
  /** How long the body may be, in bytes. */
  bodyLimit = BODY_LIMIT_BYTES;
  /** What of `RateLimit-Policy` and `RateLimit` has been gathered. */
  rateLimitPolicy = '';
  rateLimit = '';
  /** What policies add to every answer, as a flat list of names and values. */
  readonly extraHeaders: string[] = [];
  /** Told when the client goes away before the answer is whole. */
  relay: { clientLeft(): void } | undefined;
  /** Takes the connection over when the service has agreed to another protocol. */
  tunnel: Tunnel | undefined;

  constructor({ request, response, connection, client, requestId, nowMs, expectsContinue }: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.connection = connection;
    this.client = client;
    this.requestId = requestId;
    this.nowMs = nowMs;
    this.expectsContinue = expectsContinue;
    this.ownSink = new OwnHeaders(this);
    this.sink = this.ownSink;
  }

  get method(): string {
    return this.request.method;
  }

  /** The connection is not to be used again. */
  set isLast(isLast: boolean) {
    this.response.isLast = isLast;
  }

  /** The client has gone before it had its answer. */
  get isGone(): boolean {
    return this.response.isGone;
  }

  get trace(): TraceContext | undefined {
    return this.context?.trace;
  }

  /** Does what writes logs or calls others as a part of this request. */
  within<T>(work: () => T): T {
    return runInContext(this.context ?? contextOrNew(), work);
  }

  /** The values in the path, by the names that the route gives them. */
  get parameters(): Readonly<Record<string, string>> {
    const encoded = Object.entries(this.encodedParameters);
    return Object.fromEntries(encoded.map(([name, value]) => [name, decodeURIComponent(value)]));
  }

  /** The same as they stand in the path: whatever is made of them is a path again. */
  get encodedParameters(): Readonly<Record<string, string>> {
    const { match, route } = this;
    const names = (route && match?.endpoint.parameterNames.get(route)) ?? [];
    return Object.fromEntries(names.map((name, at) => [name, match?.values[at] ?? '']));
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.target?.query);
  }

  /** The body as JSON; 400 when it is none. */
  json(parse: (text: string) => unknown = JSON.parse): unknown {
    try {
      return parse(UTF8.decode(this.body));
    } catch {
      throw new Refusal(400, 'malformed_json', { detail: 'The body is not JSON.' });
    }
  }

  tooLarge(): Refusal {
    return tooLarge(this.bodyLimit);
  }

  /** The same request once more, with nobody waiting for its answer. */
  detached(): Exchange {
    const { request, connection, client, requestId, nowMs } = this;
    const owner = { socket: connection.socket, isEnding: false, answered: () => {} };
    const response = new ClientResponse(owner, { method: request.method, minor: request.minor, keepsAlive: true });
    const own = new Exchange({ request, response, connection, client, requestId, nowMs, expectsContinue: false });
    const { target, match, route, context, caller, token, forwardedHeaders, forwardedTarget } = this;
    return Object.assign(own, {
      target,
      match,
      route,
      context,
      caller,
      token,
      forwardedHeaders,
      forwardedTarget,
      isDetached: true,
      sink: new Nowhere(),
    });
  }

  /** Answers a GET with what was stored. */
  sendStored({ status, body }: StoredAnswer, lines: string): undefined {
    let own = `x-request-id: ${this.requestId}\r\n`;
    if (this.extraHeaders.length > 0) own += HeaderList.ofFlat(this.extraHeaders).lines();
    if (this.rateLimit !== '') own += `ratelimit-policy: ${this.rateLimitPolicy}\r\nratelimit: ${this.rateLimit}\r\n`;
    this.response.sendWhole(status, lines + own, body);
  }

  /** Answers by the gateway itself. */
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
    const { request, response } = this;
    const unread = request.hasBody && !request.complete;
    const small = !this.expectsContinue && (request.length ?? Number.POSITIVE_INFINITY) <= SMALL_BODY;
    if (unread && !small) response.isLast = true;
    const list = HeaderList.of(headers);
    if (!list.flat.every(isFieldValue)) throw new Error('A header of the answer contains a line break.');
    const content = Buffer.from(text);
    if (status !== 204 && status !== 304) list.set('content-length', String(content.length));
    this.ownSink.begin(status, list);
    this.ownSink.write(content);
    this.ownSink.end();
  }
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

interface TextAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The last step to the client: the gateway's own headers come with every answer. */
class OwnHeaders extends Passing {
  constructor(private readonly exchange: Exchange) {
    super(exchange.response);
  }

  override begin(status: number, headers: HeaderList): void {
    const { requestId, rateLimit, rateLimitPolicy, response } = this.exchange;
    headers.append('x-request-id', requestId);
    headers.appendAll(this.exchange.extraHeaders);
    if (rateLimit !== '') {
      headers.append('ratelimit-policy', rateLimitPolicy);
      headers.append('ratelimit', rateLimit);
    }
    response.begin(status, headers);
  }
}

/** For an answer that nobody waits for. */
class Nowhere implements AnswerSink {
  interim(): void {}
  begin(): void {}
  write(): boolean {
    return true;
  }
  end(): void {}
  abort(): void {}
  flush(): void {}
  whenDrained(): void {}
}
