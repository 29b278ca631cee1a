import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { connectNatsBus, dropNatsNamespace, type NatsBus, type NatsBusOptions } from './nats-bus.ts';

export const natsUrl = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';

const ANSWERS_WITHIN_MS = 1_000;

const answers = () =>
  connect({ servers: natsUrl, timeout: ANSWERS_WITHIN_MS }).then(
    (connection) => connection.close().then(() => true),
    () => false,
  );

/** Why tests that need a server are skipped; `false` if they are to run. */
export const natsMissing: string | false =
  process.env['REQUIRE_SERVICES'] === '1' || (await answers()) ? false : `no NATS server answers at ${natsUrl}`;

export const aNamespace = (): string => `test-${randomBytes(6).toString('hex')}`;

/** A bus on a namespace of its own, which is removed at the end of the test. */
export async function aNatsBus(t: TestContext, options: Partial<NatsBusOptions> = {}): Promise<NatsBus> {
  const { url = natsUrl, namespace = aNamespace(), ...others } = options;
  const bus = await connectNatsBus({ url, namespace, replica: 'one', ...others });
  t.after(async () => {
    await bus.close();
    await dropNatsNamespace({ url, namespace });
  });
  return bus;
}
