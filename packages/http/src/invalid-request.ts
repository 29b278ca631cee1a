/** One thing that is wrong with a request: `/email` in the body, `?limit` in the query, `:id` in the path. */
export interface InvalidPart {
  readonly path: string;
  readonly message: string;
}

/** A request that does not fit its schema, with everything that is wrong. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';

  constructor(readonly errors: readonly InvalidPart[]) {
    super('The request does not fit its schema.');
  }
}
