import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Clock, systemClock } from '@ashlar/domain';
import { type Caller, InvalidTokenError } from '@ashlar/http';
import { createTelemetry } from '@ashlar/telemetry';
import { createGateway, type GatewayOptions } from './gateway.ts';
import type { Limits } from './limits/rate-limits.ts';
import type { Route } from './routing/route.ts';

const CALLERS: Readonly<Record<string, Caller>> = {
  alice: { id: 'alice', role: 'customer', sessionId: 's1' },
  bob: { id: 'bob', role: 'customer', sessionId: 's2' },
  admin: { id: 'root', role: 'admin', sessionId: 's3' },
};

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Tokens are the names of their owners; `away` stands for an issuer that cannot be asked. */
export const verifier = {
  async verify(token: string): Promise<Caller> {
    if (token === 'away') throw new Error('The keys cannot be read.');
    const caller = CALLERS[token];
    if (!caller) throw new InvalidTokenError('unknown');
    return caller;
  },
};

export const routes: readonly Route[] = [
  { method: 'GET', path: '/v1/products', upstream: 'shop', access: 'public' },
  { method: 'GET', path: '/v1/products/:id', upstream: 'shop', access: 'public' },
  { method: 'POST', path: '/v1/products', upstream: 'shop', access: 'admin' },
  { method: 'GET', path: '/v1/orders/:id', upstream: 'shop', access: 'user' },
  { method: 'GET', path: '/v1/orders/:id/events', upstream: 'shop', access: 'user', stream: true },
  { method: 'POST', path: '/v1/orders', upstream: 'shop', access: 'user' },
  { method: 'DELETE', path: '/v1/orders/:id', upstream: 'shop', access: 'user' },
  { method: 'GET', path: '/v1/slow', upstream: 'shop', access: 'public', timeoutMs: 50 },
  { method: 'POST', path: '/v1/sessions', upstream: 'shop', access: 'public', limit: 'sign-in', idempotent: false },
  { method: 'GET', path: '/v1/users/me', upstream: 'shop', access: 'user' },
  { method: 'GET', path: '/v1/users/:id', upstream: 'shop', access: 'admin' },
];

export const limits: Limits = {
  default: [{ name: 'default', by: 'caller', quota: 400, windowSeconds: 2, shape: 'bucket' }],
  'sign-in': [
    { name: 'sign-in', by: 'address', quota: 300, windowSeconds: 60, shape: 'window' },
    { name: 'e-mail', by: { bodyField: 'email' }, quota: 10, windowSeconds: 60, shape: 'window', fixed: true },
  ],
};

/** A clock that moves when it is told to. */
export function aClock(): Clock & { pass(ms: number): void } {
  let nowMs = Date.UTC(2026, 0, 1);
  return {
    now: () => new Date(nowMs),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

/** A listening gateway before one service; it closes with the test. */
export async function aGateway(t: TestContext, upstreams: readonly string[], options: Partial<GatewayOptions> = {}) {
  const gateway = createGateway({
    routes,
    upstreams: [{ name: 'shop', replicas: () => upstreams }],
    verifier,
    telemetry: createTelemetry({ service: 'gateway', logLevel: 'silent' }),
    limits,
    ready: () => true,
    clock: systemClock,
    ...options,
  });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => gateway.close());
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(gateway.url + path, init);
  const sendJson = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    ask(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { gateway, ask, sendJson };
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A service that remembers what it was asked, and answers with `{}` or as it is told. */
export async function aService(t: TestContext, answer?: RequestListener) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // What broke off was not asked.
      return;
    }
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    if (answer) return answer(request, response);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  t.after(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server, close };
}

/** An address at which nobody listens. */
export async function aDeadAddress(t: TestContext): Promise<string> {
  const { url, close } = await aService(t);
  close();
  return url;
}

export async function openSocket(t: TestContext, url: string): Promise<Socket> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Writes these bytes and answers with all that comes back until the other side hangs up. */
export async function rawly(t: TestContext, url: string, bytes: string | Buffer): Promise<string> {
  const socket = await openSocket(t, url);
  const answer = everything(socket);
  socket.write(bytes);
  return answer;
}

export function everything(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.once('close', () => resolve(text));
  return promise;
}

/** Resolves when the condition holds. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error('It did not happen.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const problemOf = async (response: Response) =>
  (await response.json()) as { status: number; code: string; traceId: string; instance: string; detail: string };
