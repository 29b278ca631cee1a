import { systemClock } from '@ashlar/domain';
import { createTokenVerifier, INTERNAL, type TokenVerifier } from '@ashlar/http';
import { outboundCalls, type Telemetry, traceHeaders } from '@ashlar/telemetry';

/** Whose tokens are good for whom. */
export const ISSUER = { issuer: 'ashlar', audience: 'ashlar' } as const;

const PATIENCE_MS = 3_000;

type KeySet = { keys: [] };

/** The public keys of the gateway, as a JWKS. */
export type GatewayKeys = { readonly keys: readonly object[] };

/** Services take what the gateway has signed, and nothing that a client holds. */
export const gatewayVerifier = (keys: GatewayKeys): TokenVerifier =>
  createTokenVerifier({ ...INTERNAL, clock: systemClock, jwks: async () => keys as KeySet });

/**
 * Verifies with the keys of the first replica of the user service that tells them. They are asked for in the trace of
 * the request that needs them: it comes from the gateway, as everything does.
 */
export const verifierOf = (userServiceUrls: () => readonly string[], telemetry: Telemetry): TokenVerifier =>
  createTokenVerifier({
    ...ISSUER,
    clock: systemClock,
    jwks: async () => {
      const failures: unknown[] = [];
      for (const url of userServiceUrls()) {
        const keys = await readKeys(url, telemetry).catch((error) => void failures.push(error));
        if (keys) return keys;
      }
      throw new AggregateError(failures, 'No replica of the user service tells its keys.');
    },
  });

const PATH = '/.well-known/jwks.json';

async function readKeys(origin: string, telemetry: Telemetry): Promise<KeySet> {
  const { around } = outboundCalls(telemetry, { name: 'user', origin });
  const response = await around({ method: 'GET', path: PATH, attempt: 1 }, async () => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`${origin}${PATH}`, { headers: traceHeaders(), signal });
    if (!answer.ok) throw new Error(`The keys cannot be read: status ${answer.status}.`);
    return answer;
  });
  return (await response.json()) as KeySet;
}
