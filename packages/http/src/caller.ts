/** Who asks, from the verified token. */
export interface Caller {
  readonly id: string;
  readonly role: 'customer' | 'admin';
  readonly sessionId: string;
}
