import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The network between a client and its server. It can fail at the worst moment: around a COMMIT. */
export interface TcpProxy {
  readonly url: string;
  /** The next COMMIT arrives at the server; its answer is lost. */
  loseAnswerToCommit(): void;
  /** The next COMMIT is lost on its way. */
  loseCommit(): void;
  /** From now on everything is lost, in both directions, and nobody hears of an end. */
  cut(): void;
  mend(): void;
  /** How often the client has asked for an answer: its round trips. */
  readonly roundTrips: number;
  close(): void;
}

/** The message with which a client asks for the answers to everything before it. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

type Trouble = 'none' | 'lose answer' | 'lose commit' | 'cut';

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  let trouble: Trouble = 'none';
  let roundTrips = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    let deaf = false;
    let isLost = false;
    client.on('data', (data) => {
      // What was lost once makes no sense of what comes after it.
      isLost ||= trouble === 'cut';
      if (isLost) return;
      roundTrips += countOf(SYNC, data);
      const commits = trouble !== 'none' && data.includes('commit');
      if (commits && trouble === 'lose commit') {
        upstream.destroy();
        client.destroy();
      } else upstream.write(data);
      if (commits && trouble === 'lose answer') deaf = true;
      if (commits) trouble = 'none';
    });
    upstream.on('data', (data) => {
      if (isLost || trouble === 'cut') return;
      if (deaf) client.destroy();
      else client.write(data);
    });
    client.on('end', () => upstream.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const become = (kind: Trouble) => () => {
    trouble = kind;
  };
  return {
    url: at(target, server.address() as AddressInfo),
    loseAnswerToCommit: become('lose answer'),
    loseCommit: become('lose commit'),
    cut: become('cut'),
    mend: become('none'),
    get roundTrips() {
      return roundTrips;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function at(target: string, { port }: AddressInfo): string {
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return url.href;
}

function countOf(part: Buffer, data: Buffer): number {
  let count = 0;
  for (let at = data.indexOf(part); at !== -1; at = data.indexOf(part, at + part.length)) count += 1;
  return count;
}
