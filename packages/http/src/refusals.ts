import type { Fault } from '@ashlar/domain';
import type { RouteOptions } from 'fastify';
import { STATUS } from './problem.ts';

/** What a route refuses besides what every route does: the codes of its errors, each with its fault. */
export type Refuses = Readonly<Record<string, Fault>>;

type Coded = readonly [status: number, code: string];

const EVERYWHERE: readonly Coded[] = [
  [400, 'bad_consistency_token'],
  [400, 'malformed_url'],
  [500, 'internal'],
  [503, 'busy'],
  [503, 'consistency_timeout'],
  [503, 'unavailable'],
];
const WITH_BODY: readonly Coded[] = [
  [400, 'malformed_json'],
  [413, 'payload_too_large'],
  [415, 'unsupported_media_type'],
];
const WITH_KEY: readonly Coded[] = [
  [400, 'bad_idempotency_key'],
  [409, 'idempotency_in_progress'],
  [422, 'idempotency_key_reused'],
  [503, 'outcome_unknown'],
];

/** Every problem that a route is known to answer with: the codes by status, in order. */
export function refusalsOf(route: RouteOptions | undefined): ReadonlyMap<number, readonly string[]> {
  const { access, idempotent, refuses = {} } = route?.config ?? {};
  const { body, params, querystring } = route?.schema ?? {};
  const own = Object.entries(refuses).map(([code, fault]): Coded => [STATUS[fault], code]);
  const all: readonly Coded[] = [
    ...EVERYWHERE,
    ...when(body ?? params ?? querystring, [[400, 'invalid_request']]),
    ...when(body, WITH_BODY),
    ...when(params, [[414, 'uri_too_long']]),
    ...when(idempotent, WITH_KEY),
    ...when(access !== 'public', [[401, 'unauthenticated']]),
    ...when(access === 'admin', [[403, 'forbidden']]),
    ...own,
  ];
  const byStatus = Map.groupBy(all, ([status]) => status);
  return new Map([...byStatus].map(([status, coded]) => [status, [...new Set(coded.map(([, code]) => code))].sort()]));
}

const when = (holds: unknown, coded: readonly Coded[]): readonly Coded[] => (holds ? coded : []);
