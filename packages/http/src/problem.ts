import { STATUS_CODES } from 'node:http';
import { DomainError, type Fault } from '@ashlar/domain';
import { isRetryable, isSqlError, isUnreachable, UnknownCommitError } from '@ashlar/postgres';
import { type InvalidPart, InvalidRequestError } from './invalid-request.ts';

/** The body of every error (RFC 9457). `code` is the stable word for programs, the rest is for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance: string;
  readonly code: string;
  readonly traceId: string;
  readonly errors?: readonly InvalidPart[];
}

/** Why a request is not answered as asked, ready to become a problem. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly InvalidPart[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The status of each kind of refusal. */
export const STATUS: Readonly<Record<Fault, number>> = {
  malformed: 400,
  unauthenticated: 401,
  payment_required: 402,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  invalid: 422,
  unavailable: 503,
};

const RETRY = { 'retry-after': '1' };

/** Nobody keeps an error: some are cacheable unless they say otherwise. */
export const PROBLEM_HEADERS = {
  'content-type': 'application/problem+json; charset=utf-8',
  'cache-control': 'no-store',
} as const;

/** The one mapping from errors to HTTP. What is unknown is `internal`, and its cause stays in the log. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof DomainError) return ofDomain(error);
  if (error instanceof InvalidRequestError) {
    return { status: 400, code: 'invalid_request', detail: error.message, errors: error.errors };
  }
  if (error instanceof UnknownCommitError) {
    const detail = 'The outcome is not known. Send the request again with the same Idempotency-Key to learn it.';
    return { status: 503, code: 'outcome_unknown', detail, headers: RETRY };
  }
  if (isRetryable(error) || (isSqlError(error) && error.code === QUERY_CANCELED)) {
    const detail = 'Too many others are changing the same thing; try again.';
    return { status: 503, code: 'busy', detail, headers: RETRY };
  }
  if (isUnreachable(error)) return { status: 503, code: 'unavailable', detail: 'Try again soon.', headers: RETRY };
  return ofFramework(error) ?? INTERNAL;
}

const QUERY_CANCELED = '57014';
const INTERNAL: Refusal = { status: 500, code: 'internal', detail: 'Something went wrong here; it has been noted.' };

/** Where the thing is that is wrong with a request which no schema has seen. */
const PLACES: Readonly<Record<string, string>> = {
  malformed_json: '/',
  bad_cursor: '?cursor',
  bad_consistency_token: 'Consistency-Token',
  bad_idempotency_key: 'Idempotency-Key',
};

function ofDomain({ code, fault, message }: DomainError): Refusal {
  const refusal = { status: STATUS[fault], code, detail: message };
  if (fault === 'unavailable') return { ...refusal, headers: RETRY };
  if (fault === 'unauthenticated') return { ...refusal, headers: { 'www-authenticate': 'Bearer realm="ashlar"' } };
  return refusal;
}

const FRAMEWORK: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'payload_too_large', detail: 'A body has at most 1 MiB.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, code: 'unsupported_media_type', detail: 'Send application/json.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { status: 400, code: 'malformed_request', detail: 'Content-Length is wrong.' },
  FST_ERR_BAD_URL: { status: 400, code: 'malformed_url', detail: 'The address is not percent-encoded as it should.' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: 'uri_too_long', detail: 'A part of the path is too long.' },
};

function ofFramework(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return FRAMEWORK[error.code];
}

export function toProblem({ status, code, detail, errors }: Refusal, instance: string, traceId: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  const wrong = errors ?? (status === 400 ? [{ path: PLACES[code] ?? '', message: detail ?? title }] : undefined);
  const optional = { ...(detail && { detail }), ...(wrong && { errors: wrong }) };
  return { type: `urn:ashlar:problem:${code}`, title, status, ...optional, instance, code, traceId };
}
