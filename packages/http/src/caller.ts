/** Who asks, from the verified token. */
export interface Caller {
  readonly id: string;
  readonly role: 'customer' | 'admin';
  readonly sessionId: string;
  /** When the token was made, where it tells. */
  readonly issuedAtMs?: number;
  /** How long it is good. */
  readonly expiresAtMs?: number;
}
