import { type Exchange, Refusal } from '@ashlar/gateway';

interface Wrong {
  readonly path: string;
  readonly message: string;
}

/** Names come from the client: what is longer is not sent back. */
const LONGEST_NAME = 100;

/** The fields of a body of which these are known; none where nothing was sent. Whatever else was sent is refused. */
export function fieldsOf(exchange: Exchange, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (!exchange.body?.length) return {};
  const body = exchange.json();
  if (!isRecord(body)) throw invalidRequest({ path: '/', message: 'must be an object' });
  const unknown = Object.keys(body).filter((name) => !known.includes(name));
  if (unknown.length === 0) return body;
  throw invalidRequest(
    ...unknown.map((name) => ({ path: `/${name.slice(0, LONGEST_NAME)}`, message: 'is not a known field' })),
  );
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const invalidRequest = (...errors: readonly Wrong[]): Refusal =>
  new Refusal(400, 'invalid_request', { detail: 'The request is not as it should be.', errors });
