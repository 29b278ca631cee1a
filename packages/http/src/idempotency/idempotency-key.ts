import { createHash } from 'node:crypto';
import { DomainError } from '@ashlar/domain';
import type { FastifyRequest } from 'fastify';
import { pathOf } from '../request-path.ts';

/** A request that may be answered once only: the same key of the same caller, method and path names the same answer. */
export interface Claim {
  readonly caller: string;
  /** SHA-256 of caller, method, path and key. */
  readonly scope: Buffer;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Buffer;
}

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** The claim of a request with an `Idempotency-Key`; none without. */
export function claimOf(request: FastifyRequest, callerOf: (request: FastifyRequest) => string): Claim | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !VISIBLE.test(key)) {
    const sentence = 'An Idempotency-Key has 1 to 255 visible ASCII characters.';
    throw new DomainError('bad_idempotency_key', 'malformed', sentence);
  }
  const caller = callerOf(request);
  const scope = sha256(JSON.stringify([caller, request.method, pathOf(request), key]));
  return { caller, scope, fingerprint: sha256(canonical(request.body) ?? '') };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** JSON with the fields of each object in one order, so that the same body has the same text. */
const canonical = (body: unknown): string | undefined =>
  JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
