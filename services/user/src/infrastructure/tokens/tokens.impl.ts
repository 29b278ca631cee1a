import { createHash, randomBytes } from 'node:crypto';
import type { Clock, Ids } from '@ashlar/domain';
import { type CryptoKey, importJWK, type JWK, SignJWT } from 'jose';
import type { AccessClaims, Tokens } from '../../application/ports/tokens.interface.ts';
import { type SigningKey, signingKey } from '../../domain/entities/signing-key.entity.ts';
import type { SigningKeyRepository } from '../../domain/repositories/signing-key.repository.interface.ts';

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly accessTokenSeconds: number;
  readonly refreshTokenSeconds: number;
}

interface World {
  readonly clock: Clock;
  readonly ids: Ids;
}

type Imported = CryptoKey | Uint8Array;

const REFRESH_TOKEN_BYTES = 32;

/** Access tokens are JWTs that anyone can verify; refresh tokens are random, and only their SHA-256 is kept. */
export class JoseTokens implements Tokens {
  readonly #imported = new Map<string, Promise<Imported>>();

  constructor(
    private readonly keys: SigningKeyRepository,
    private readonly options: TokenOptions,
    private readonly world: World,
  ) {}

  async accessToken({ userId, role, sessionId }: AccessClaims): Promise<{ token: string; expiresIn: number }> {
    const { issuer, audience, accessTokenSeconds: expiresIn } = this.options;
    const now = this.world.clock.now();
    const key = signingKey(await this.keys.list(), now);
    if (!key) throw new Error('There is no signing key.');
    const token = await new SignJWT({ role, sid: sessionId })
      .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' })
      .setSubject(userId)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(new Date(now.getTime() + expiresIn * 1_000))
      .setJti(this.world.ids.next())
      .sign(await this.#import(key));
    return { token, expiresIn };
  }

  refreshToken(): { token: string; tokenHash: string; expiresAt: Date } {
    const token = randomBytes(REFRESH_TOKEN_BYTES).toString('base64url');
    const expiresAt = new Date(this.world.clock.now().getTime() + this.options.refreshTokenSeconds * 1_000);
    return { token, tokenHash: this.hashOf(token), expiresAt };
  }

  hashOf(refreshToken: string): string {
    return createHash('sha256').update(refreshToken).digest('base64url');
  }

  #import({ kid, privateJwk }: SigningKey): Promise<Imported> {
    let imported = this.#imported.get(kid);
    if (!imported) {
      imported = importJWK(privateJwk as JWK, 'EdDSA');
      this.#imported.set(kid, imported);
    }
    return imported;
  }
}
