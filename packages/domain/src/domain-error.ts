/** What kind of refusal it is; it decides the HTTP status and whether a message is worth another try. */
export type Fault =
  | 'malformed'
  | 'unauthenticated'
  | 'payment_required'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition'
  | 'invalid'
  | 'unavailable';

/** A refusal by a business rule. `code` is part of the public API; `fault` decides the HTTP status. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: string,
    readonly fault: Fault,
    message: string,
  ) {
    super(message);
  }
}
