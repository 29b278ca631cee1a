import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { createGateway, type GatewayOptions } from '@ashlar/gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { redisCluster } from './redis-cluster.ts';

export const telemetry = () => createTelemetry({ service: 'gateway', logLevel: 'silent' });

const REDIS = 'redis-server';

const isInstalled = (): boolean => {
  try {
    execFileSync(REDIS, ['--version']);
    return true;
  } catch {
    return false;
  }
};
export const skip = !isInstalled() && process.env['REQUIRE_SERVICES'] !== '1' && 'redis-server is not installed';

export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error('It did not happen.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A Redis of this test's own, on a free port. */
export async function aRedis(t: TestContext) {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn(REDIS, ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout!.on('data', (text) => {
      said += text;
    });
    await eventually(() => said.includes('Ready to accept connections'));
  };
  await start();
  t.after(() => child.kill('SIGKILL'));
  const signal = (name: NodeJS.Signals) => child.kill(name);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { url: `redis://127.0.0.1:${port}`, start, kill, signal };
}

interface InRedis {
  readonly url: string;
  readonly sharesAnswers: boolean;
}

function aGateway(origin: string, { url, sharesAnswers }: InRedis, options: Partial<GatewayOptions>) {
  const own = telemetry();
  return createGateway({
    routes: [
      { method: 'GET', path: '/goods', upstream: 'shop', access: 'public', limit: 'none', cache: true },
      { method: 'GET', path: '/marks', upstream: 'shop', access: 'public', limit: 'none', cache: true },
      { method: 'PUT', path: '/goods', upstream: 'shop', access: 'public', limit: 'none', cache: true },
      { method: 'GET', path: '/limited', upstream: 'shop', access: 'public' },
      { method: 'GET', path: '/strict', upstream: 'shop', access: 'public', limit: 'strict' },
      { method: 'GET', path: '/mine', upstream: 'shop', access: 'user', limit: 'none' },
      { method: 'DELETE', path: '/mine', upstream: 'shop', access: 'user', limit: 'none', ends: 'session' },
    ],
    upstreams: [{ name: 'shop', replicas: () => [origin] }],
    limits: {
      none: [],
      default: [{ name: 'all', by: 'address', quota: 10, windowSeconds: 600, shape: 'bucket' }],
      strict: [{ name: 'strict', by: 'address', quota: 4, windowSeconds: 600, shape: 'window' }],
    },
    verifier: { verify: async (token) => ({ id: token, role: 'customer', sessionId: `session of ${token}` }) },
    telemetry: own,
    clock: systemClock,
    ready: () => true,
    cluster: redisCluster({
      url,
      namespace: 'test',
      clock: systemClock,
      log: own.log,
      timeoutMs: 1_000,
      sharesAnswers,
    }),
    ...options,
  });
}

/** Two gateways before one service, which counts its answers. */
export async function twoGateways(
  t: TestContext,
  url: string,
  { sharesAnswers = false, ...options }: Partial<GatewayOptions> & { readonly sharesAnswers?: boolean } = {},
) {
  let count = 0;
  const service = createHttpServer((asked, response) => {
    asked.resume();
    const heads = {
      'cache-control': 'public, max-age=600',
      'cache-tag': asked.url!.slice(1),
      vary: 'accept-language',
    };
    response.writeHead(200, heads).end(`answer ${++count}`);
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  t.after(() => service.close());
  t.after(() => service.closeAllConnections());
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const gateways = ['one', 'other'].map(() => aGateway(origin, { url, sharesAnswers }, options));
  for (const gateway of gateways) await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => Promise.all(gateways.map((gateway) => gateway.close())));
  const ask = async (which: number, path: string, { method = 'GET', headers = {} }: Asked = {}) => {
    // Clients know both gateways by one name.
    const sent = request(gateways[which]!.url + path, { method, headers: { host: 'shop.example', ...headers } }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
  };
  const told = async (which: number, path: string) => (await ask(which, path)).text;
  return { gateways, ask, told };
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Two = Awaited<ReturnType<typeof twoGateways>>;

/** Whether both gateways tell each other: what one forgets, the other asks for anew. Each says and hears by itself. */
export async function connected(two: Two): Promise<void> {
  for (const teller of [0, 1]) await eventually(() => tellsOther(two, teller));
}

async function tellsOther({ gateways, told }: Two, teller: number): Promise<boolean> {
  const other = 1 - teller;
  const before = await told(other, '/goods');
  gateways[teller]!.purge('goods');
  for (let turn = 0; turn < 20; turn++) if ((await told(other, '/goods')) !== before) return true;
  return false;
}

/** What the second gateway keeps, once all that the first one has told before has arrived: news keep their order. */
export async function kept({ gateways, told }: Two): Promise<string> {
  const before = await told(1, '/marks');
  gateways[0]!.purge('marks');
  await eventually(async () => (await told(1, '/marks')) !== before);
  return told(1, '/goods');
}
