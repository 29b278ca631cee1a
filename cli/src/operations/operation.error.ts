/** The shop did not do what an operator has asked for; the message is for the person at the terminal. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}
