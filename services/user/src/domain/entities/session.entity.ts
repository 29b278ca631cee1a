export interface SessionState {
  readonly id: string;
  readonly userId: string;
  /** The hash of the one refresh token that is good now. */
  readonly tokenHash: string;
  readonly passwordVersion: number;
  readonly status: 'open' | 'revoked';
  readonly expiresAt: string;
  readonly version: number;
}

/** A refresh token as the session knows it. */
export interface TokenTurn {
  readonly tokenHash: string;
  readonly expiresAt: Date;
}

/** `reused`: the token was spent before, so two hold it, and neither is trusted any more. */
export type RefreshOutcome = 'refreshed' | 'reused' | 'invalid';

/** One sign-in and everything that was refreshed from it: a family of refresh tokens. */
export class Session {
  private constructor(private current: SessionState) {}

  static open(
    draft: Pick<SessionState, 'id' | 'userId' | 'passwordVersion'>,
    { tokenHash, expiresAt }: TokenTurn,
  ): Session {
    return new Session({ ...draft, tokenHash, expiresAt: expiresAt.toISOString(), status: 'open', version: 0 });
  }

  static restore(state: SessionState): Session {
    return new Session(state);
  }

  get state(): SessionState {
    return this.current;
  }

  /** Spends `presented` for the next token. A spent one revokes the whole family. */
  refresh(
    presented: string,
    next: TokenTurn,
    at: { readonly now: Date; readonly passwordVersion: number },
  ): RefreshOutcome {
    if (presented !== this.current.tokenHash) {
      this.revoke();
      return 'reused';
    }
    if (!this.#isGood(at)) return 'invalid';
    this.#become({ tokenHash: next.tokenHash, expiresAt: next.expiresAt.toISOString() });
    return 'refreshed';
  }

  /** Its owner has a new password, given in this session: this one goes on. */
  outlive(passwordVersion: number): void {
    this.#become({ passwordVersion });
  }

  revoke(): void {
    this.#become({ status: 'revoked' });
  }

  #isGood({ now, passwordVersion }: { readonly now: Date; readonly passwordVersion: number }): boolean {
    const { status, expiresAt, passwordVersion: signedInWith } = this.current;
    return status === 'open' && signedInWith === passwordVersion && new Date(expiresAt) > now;
  }

  #become(change: Partial<SessionState>): void {
    this.current = { ...this.current, ...change };
  }
}
