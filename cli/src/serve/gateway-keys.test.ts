import { deepStrictEqual, rejects, strictEqual, throws } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock, type Timers } from '@ashlar/domain';
import { InvalidTokenError, type TokenVerifier } from '@ashlar/http';
import { InternalTokens } from '@ashlar/shop-gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { UsageError } from '../settings.ts';
import { gatewaysVerifier, gatewayTokens } from './gateway-keys.ts';

const { log } = createTelemetry({ service: 'test', logLevel: 'silent' });
const ANN = { id: 'ann', role: 'customer', sessionId: 's1' } as const;

/** Who a token names, without its times. */
async function named(verifier: Pick<TokenVerifier, 'verify'>, token: string) {
  const { issuedAtMs: _, expiresAtMs: __, ...caller } = await verifier.verify(token);
  return caller;
}

function aKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    told: publicKey.export({ type: 'spki', format: 'pem' }),
  };
}

/** A directory with both files, and a gateway that looks at its own when told to. */
function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-keys-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const files = { secret: join(directory, 'private.pem'), told: join(directory, 'public.pem') };
  const old = aKey();
  writeFileSync(files.secret, old.secret);
  writeFileSync(files.told, old.told);
  let look: () => Promise<void> = async () => {};
  const timers: Timers = {
    once: () => () => {},
    every: (_ms, work) => {
      look = work;
      return () => {};
    },
  };
  const watch = { clock: systemClock, timers, log };
  return { files, old, watch, look: () => look() };
}

test('a service takes what a gateway with the shared key has signed, and nothing of a stranger', async (t) => {
  const { files, watch } = setUp(t);
  const verifier = gatewaysVerifier(files.told);
  const gateways = [await gatewayTokens(files.secret, watch), await gatewayTokens(files.secret, watch)];
  for (const { tokens } of gateways) deepStrictEqual(await named(verifier, tokens.tokenFor(ANN, 'token')), ANN);
  await rejects(verifier.verify(new InternalTokens(systemClock).tokenFor(ANN, 'token')), InvalidTokenError);
});

test('another key is taken while what the old one has signed is still good', async (t) => {
  const { files, old, watch, look } = setUp(t);
  const { tokens } = await gatewayTokens(files.secret, watch);
  const before = tokens.tokenFor(ANN, 'token');
  const next = aKey();
  writeFileSync(files.told, `${old.told}${next.told}`);
  const verifier = gatewaysVerifier(files.told);
  writeFileSync(files.secret, next.secret);
  await look();
  const after = tokens.tokenFor(ANN, 'token');
  strictEqual(after === before, false);
  for (const token of [before, after]) deepStrictEqual(await named(verifier, token), ANN);
  writeFileSync(files.told, next.told);
  const later = gatewaysVerifier(files.told);
  await rejects(later.verify(before), InvalidTokenError);
  deepStrictEqual(await named(later, after), ANN);
});

test('a key that cannot be read leaves the last one in place, and at the start it is told', async (t) => {
  const { files, watch, look } = setUp(t);
  const { tokens } = await gatewayTokens(files.secret, watch);
  const verifier = gatewaysVerifier(files.told);
  writeFileSync(files.secret, 'half of a');
  await rejects(look());
  deepStrictEqual(await named(verifier, tokens.tokenFor(ANN, 'token')), ANN);
  await rejects(gatewayTokens(files.secret, watch), UsageError);
  throws(() => gatewaysVerifier(files.secret), UsageError);
  throws(() => gatewaysVerifier(join(files.told, 'nowhere')), UsageError);
});
