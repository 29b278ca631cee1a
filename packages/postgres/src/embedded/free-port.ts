import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that an operating system gives away by itself: a server that restarts finds its own still free. */
const PORTS = [15_000, 30_000] as const;
const TRIES = 100;

/**
 * A port of this machine at which nobody listens; only who draws the same one by chance takes it meanwhile. Throws
 * where none of a hundred is free, or where the address is not of this machine.
 */
export async function freePort(host = '127.0.0.1', draw = () => randomInt(...PORTS)): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = draw();
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve, reject) => {
      probe.once('error', (error: NodeJS.ErrnoException) => (isTaken(error) ? resolve(false) : reject(error)));
      probe.listen(port, host, () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
  throw new Error(`Of ${TRIES} ports of ${host} none is free.`);
}

/** Windows keeps ranges for itself, and refuses them. */
const isTaken = ({ code }: NodeJS.ErrnoException): boolean => code === 'EADDRINUSE' || code === 'EACCES';
