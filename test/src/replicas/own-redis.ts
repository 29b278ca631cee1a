import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Address, type Elsewhere, OwnServer, type ServerProgram } from './own-server.ts';

/** Why tests that stop a Redis of their own are skipped; `false` if they are to run. */
export const redisServerMissing: string | false =
  process.env['REQUIRE_SERVICES'] === '1' || spawnSync('redis-server', ['--version']).status === 0
    ? false
    : 'there is no redis-server to be started';

const REDIS: ServerProgram = {
  name: 'redis-server',
  scheme: 'redis',
  argsFor: ({ host, port, store }) => [
    ...['--port', String(port), '--bind', host, '--protected-mode', 'no', '--dir', store],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
  ],
  answers: async (address) => (await say(address, 'PING').catch(() => '')).startsWith('+PONG'),
};

export const ownRedis = (elsewhere?: Elsewhere): Promise<OwnServer> => OwnServer.start(REDIS, elsewhere);

/** Everything that it keeps is gone from one moment to the next. */
export async function flush({ address }: OwnServer): Promise<void> {
  const told = await say(address, 'FLUSHALL');
  if (!told.startsWith('+OK')) throw new Error(`Redis has not flushed: ${told}`);
}

async function say({ host, port }: Address, command: string): Promise<string> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    const [told] = await once(socket, 'data');
    return String(told);
  } finally {
    socket.destroy();
  }
}
