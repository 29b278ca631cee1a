import type { Role } from '../../domain/entities/user.entity.ts';

export interface AccessClaims {
  readonly userId: string;
  readonly role: Role;
  readonly sessionId: string;
}

/** Makes what a client shows to be believed. */
export interface Tokens {
  accessToken(claims: AccessClaims): Promise<{ readonly token: string; readonly expiresIn: number }>;
  /** The token goes to the client, the rest is kept. */
  refreshToken(): { readonly token: string; readonly tokenHash: string; readonly expiresAt: Date };
  hashOf(refreshToken: string): string;
}
