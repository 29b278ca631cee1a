import { type InvalidPart, toProblem } from '@ashlar/http';

export interface RefusalOptions {
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: readonly InvalidPart[];
}

/** An answer that the gateway gives instead of a service. `code` is part of the public API. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: RefusalOptions['errors'];

  constructor(
    readonly status: number,
    readonly code: string,
    { detail, headers = {}, errors }: RefusalOptions,
  ) {
    super(detail);
    this.headers = headers;
    this.errors = errors;
  }
}

export interface ProblemPlace {
  readonly instance: string;
  readonly traceId: string;
}

export function problemText(refusal: Refusal, { instance, traceId }: ProblemPlace): string {
  const { status, code, message: detail, errors } = refusal;
  return JSON.stringify(toProblem({ status, code, detail, ...(errors && { errors }) }, instance, traceId));
}

export const malformedUrl = (detail: string): Refusal => new Refusal(400, 'malformed_url', { detail });

export const notFound = (): Refusal => new Refusal(404, 'not_found', { detail: 'There is nothing at this path.' });

export const methodNotAllowed = (allow: string): Refusal =>
  new Refusal(405, 'method_not_allowed', { detail: `This path takes ${allow}.`, headers: { allow } });

export const unknownVersion = (): Refusal =>
  new Refusal(406, 'unknown_version', { detail: 'There is no such version of this call.' });

export const unauthenticated = (tokenGiven: boolean): Refusal =>
  new Refusal(401, 'unauthenticated', {
    detail: tokenGiven ? 'The access token is not valid, or no longer.' : 'An access token is needed.',
    headers: {
      'www-authenticate': tokenGiven ? 'Bearer realm="ashlar", error="invalid_token"' : 'Bearer realm="ashlar"',
    },
  });

export const forbidden = (): Refusal => new Refusal(403, 'forbidden', { detail: 'Your role does not allow this.' });

export const tooLarge = (limitBytes: number): Refusal =>
  new Refusal(413, 'payload_too_large', { detail: `A body has at most ${limitBytes} bytes.` });

export const unavailable = (detail: string): Refusal =>
  new Refusal(503, 'upstream_unavailable', { detail, headers: { 'retry-after': '1' } });
