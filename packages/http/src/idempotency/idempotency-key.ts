import { createHash } from 'node:crypto';
import { DomainError } from '@ashlar/domain';
import type { FastifyRequest } from 'fastify';
import { pathOf } from '../request-path.ts';
import { NO_BODY } from '../validation.ts';

/** A request that may be answered once only: the same key of the same caller, method and path names the same answer. */
export interface Claim {
  readonly caller: string;
  /** SHA-256 of caller, method, path and key. */
  readonly scope: Buffer;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Buffer;
  /** The gateway sends it again, and nobody knows whether the first one still runs: its end is waited for. */
  readonly isRepeated: boolean;
}

/** Who asks. */
export type CallerOf = (request: FastifyRequest) => string | Promise<string>;

/** Set by the gateway alone; it takes it away from clients. */
const REPEATED = 'x-ashlar-repeated';
const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** The claim of a request with an `Idempotency-Key`; none without. */
export async function claimOf(request: FastifyRequest, callerOf: CallerOf): Promise<Claim | undefined> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !VISIBLE.test(key)) {
    const sentence = 'An Idempotency-Key has 1 to 255 visible ASCII characters.';
    throw new DomainError('bad_idempotency_key', 'malformed', sentence);
  }
  const caller = await callerOf(request);
  const scope = sha256(JSON.stringify([caller, request.method, pathOf(request), key]));
  const isRepeated = request.headers[REPEATED] !== undefined;
  return { caller, scope, fingerprint: sha256(canonical(bodyOf(request)) ?? ''), isRepeated };
}

/** Where none is asked for, an empty object says as much as no body. */
function bodyOf({ body, routeOptions }: FastifyRequest): unknown {
  const isNone = routeOptions.schema?.body === NO_BODY && canonical(body) === '{}';
  return isNone ? undefined : body;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** JSON with the fields of each object in one order, so that the same body has the same text. */
const canonical = (body: unknown): string | undefined =>
  JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
