/** There is no broker to be used; the message is for the person at the terminal. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
}
