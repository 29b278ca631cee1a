import { connect } from 'node:net';

/** Where the tests that need a broker find one. */
export const natsUrl: string = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';

const ANSWERS_WITHIN_MS = 5_000;

/** NATS greets with what it is and can do. */
function greeting({ hostname, port }: URL): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(port || 4222), hostname);
  socket.setTimeout(ANSWERS_WITHIN_MS, () => socket.destroy());
  socket.once('data', (data) => {
    resolve(data.toString());
    socket.destroy();
  });
  socket.on('error', () => {});
  socket.once('close', () => resolve(''));
  return promise;
}

/** Why tests that need a broker are skipped; `false` if they are to run. */
export const natsMissing: string | false =
  process.env['REQUIRE_SERVICES'] === '1' || (await greeting(new URL(natsUrl))).includes('"jetstream":true')
    ? false
    : `no NATS server with JetStream answers at ${natsUrl}`;
