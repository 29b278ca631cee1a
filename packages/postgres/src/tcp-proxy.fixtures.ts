import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The network between a client and its server. It can fail at the worst moment: around a COMMIT. */
export interface TcpProxy {
  readonly url: string;
  /** The next COMMIT arrives at the server; its answer is lost. */
  loseAnswerToCommit(): void;
  /** The next COMMIT is lost on its way. */
  loseCommit(): void;
  close(): void;
}

type Trouble = 'none' | 'lose answer' | 'lose commit';

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  let trouble: Trouble = 'none';
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    let deaf = false;
    client.on('data', (data) => {
      const commits = trouble !== 'none' && data.includes('commit');
      if (commits && trouble === 'lose commit') {
        upstream.destroy();
        client.destroy();
      } else upstream.write(data);
      if (commits && trouble === 'lose answer') deaf = true;
      if (commits) trouble = 'none';
    });
    upstream.on('data', (data) => {
      if (deaf) client.destroy();
      else client.write(data);
    });
    client.on('end', () => upstream.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    loseAnswerToCommit() {
      trouble = 'lose answer';
    },
    loseCommit() {
      trouble = 'lose commit';
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
