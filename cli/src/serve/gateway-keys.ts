import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Clock, type Stop, systemClock, type Timers } from '@ashlar/domain';
import { createTokenVerifier, INTERNAL, internalKeysIn, type TokenVerifier } from '@ashlar/http';
import type { InternalTokens } from '@ashlar/shop-gateway';
import type { Telemetry } from '@ashlar/telemetry';
import { UsageError } from '../settings.ts';

const LOOK_EVERY_MS = 1_000;

/** Services of a cluster take what a gateway has signed, and nothing that a client holds. */
export function gatewaysVerifier(file: string): TokenVerifier {
  atStart('GATEWAY_KEYS_FILE', () => internalKeysIn(readFileSync(file, 'utf8')));
  // Read again for a key that is not known, and now and then: whoever changes the file need not tell us.
  const jwks = async () => internalKeysIn(await readFile(file, 'utf8'));
  return createTokenVerifier({ ...INTERNAL, clock: systemClock, jwks });
}

interface KeyWatch {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Telemetry['log'];
}

interface GatewayTokens {
  readonly tokens: InternalTokens;
  readonly stop: Stop;
}

/** Tokens by the key that all gateways share; another key in the file is taken within a second. */
export async function gatewayTokens(file: string, { clock, timers, log }: KeyWatch): Promise<GatewayTokens> {
  const { InternalTokens } = await import('@ashlar/shop-gateway');
  let pem = '';
  const tokens = atStart('GATEWAY_KEY_FILE', () => {
    pem = readFileSync(file, 'utf8');
    return new InternalTokens(clock, pem);
  });
  const look = async () => {
    const found = await readFile(file, 'utf8');
    if (found === pem) return;
    tokens.signWith(found);
    pem = found;
    log.info('Callers are handed on by another key.');
  };
  const onError = (err: unknown) => log.warn({ err }, 'The key of the gateways cannot be read: the last one serves.');
  return { tokens, stop: timers.every(LOOK_EVERY_MS, look, onError) };
}

/** What is wrong with a file is the operator's to put right; what is in it is not repeated. */
function atStart<T>(variable: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = code.startsWith('E') && !code.startsWith('ERR') ? `cannot be read (${code})` : 'holds no such key';
    throw new UsageError([`The file at ${variable} ${why}: it takes an Ed25519 key in PEM.`]);
  }
}
