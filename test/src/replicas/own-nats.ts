import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { type Elsewhere, OwnServer, type ServerProgram } from './own-server.ts';

/** Why tests that stop a broker of their own are skipped; `false` if they are to run. */
export const natsServerMissing: string | false =
  process.env['REQUIRE_SERVICES'] === '1' || spawnSync('nats-server', ['--version']).status === 0
    ? false
    : 'there is no nats-server to be started';

const NATS: ServerProgram = {
  name: 'nats-server',
  scheme: 'nats',
  argsFor: ({ host, port, store }) => ['-js', '-sd', store, '-a', host, '-p', String(port)],
  answers: ({ host, port }) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect(port, host);
    socket.once('data', () => resolve(true));
    socket.on('error', () => resolve(false));
    return promise.finally(() => socket.destroy());
  },
};

/** A broker that a test may stop. */
export const ownNats = (elsewhere?: Elsewhere): Promise<OwnServer> => OwnServer.start(NATS, elsewhere);
