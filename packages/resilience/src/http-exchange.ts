import { type Dispatcher, errors } from 'undici';
import { UnavailableError, type UnavailableReason } from './unavailable-error.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest<T = unknown> {
  readonly method: HttpMethod;
  /** The path and the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it may be sent twice; by default what RFC 9110 (9.2.2) says of the method. */
  readonly idempotent?: boolean;
  /** Turns the body into what the caller needs. What it throws makes the answer a `bad_answer`. */
  readonly read?: (body: unknown, status: number) => T;
  readonly signal?: AbortSignal;
}

/** What a dependency answered, refusals (4xx) included: they are answers, not failures. */
export interface HttpAnswer<T = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: T;
}

export interface Exchange<T> {
  readonly dependency: string;
  readonly request: HttpRequest<T>;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** One request and its answer, without any policy: everything that is not an answer is an `UnavailableError`. */
export async function exchange<T>(dispatcher: Dispatcher, call: Exchange<T>): Promise<HttpAnswer<T>> {
  const { dependency, request, signal } = call;
  const { status, headers, text } = await send(dispatcher, call);
  // A caller that has gone, or a deadline that has passed while the last bytes came in, wants no answer.
  if (signal.aborted) throw signal.reason;
  if (status >= 500) throw new UnavailableError(dependency, 'status', { status });
  try {
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status, headers, body: request.read ? request.read(body, status) : (body as T) };
  } catch (cause) {
    throw new UnavailableError(dependency, 'bad_answer', { status, cause });
  }
}

async function send<T>(dispatcher: Dispatcher, { dependency, request, headers, signal }: Exchange<T>) {
  const { method, path } = request;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  try {
    const answer = await dispatcher.request({
      method,
      path,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
        ...request.headers,
      },
      ...(body !== undefined && { body }),
      signal,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof errors.InvalidArgumentError) throw cause;
    throw new UnavailableError(dependency, reasonOf(cause), { cause });
  }
}

const REASONS: Readonly<Record<string, UnavailableReason>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'bad_answer',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_answer',
  UND_ERR_HEADERS_OVERFLOW: 'bad_answer',
};

function reasonOf(cause: unknown): UnavailableReason {
  if (cause instanceof errors.HTTPParserError) return 'bad_answer';
  return REASONS[String((cause as { code?: unknown } | null)?.code)] ?? 'network';
}
