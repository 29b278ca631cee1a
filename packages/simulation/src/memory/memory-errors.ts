/** What PostgreSQL would have answered, with its code, so that whoever looks at the code cannot tell the difference. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    message: string,
    readonly code: string,
    readonly constraint?: string,
  ) {
    super(message);
  }
}

export const SQL_STATE = {
  unique: '23505',
  check: '23514',
  reference: '23503',
  lockTimeout: '55P03',
  idleInTransaction: '25P03',
} as const;
