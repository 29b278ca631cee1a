import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { type Caller, InvalidTokenError } from '@ashlar/http';
import { createTelemetry } from '@ashlar/telemetry';
import { createShopGateway, type RunningReplicas, type ShopGatewayOptions } from './index.ts';

const CALLERS: Readonly<Record<string, Caller>> = {
  alice: { id: 'alice', role: 'customer', sessionId: 's1' },
  admin: { id: 'root', role: 'admin', sessionId: 's2' },
};

const verifier = {
  async verify(token: string): Promise<Caller> {
    const caller = CALLERS[token];
    if (!caller) throw new InvalidTokenError('unknown');
    return caller;
  },
};

/** `GET /readyz` to what is answered: a body, or a status and a body. */
export type Answers = Readonly<Record<string, unknown>>;

export const withStatus = (status: number, body: unknown) => ({ status, body, isWhole: true }) as const;

/** A service that answers by a table, 404 otherwise, and remembers what it was asked. */
export async function aService(t: TestContext, answers: Answers = {}) {
  const seen: string[] = [];
  const tokens: (string | undefined)[] = [];
  const consistencyTokens: unknown[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    tokens.push(request.headers.authorization);
    consistencyTokens.push(request.headers['consistency-token']);
    const { status, body } = answerTo(request, answers);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The port stays taken: who else might be given it would answer for a service that is away.
  const goAway = (): void => {
    server.on('connection', (socket) => socket.resetAndDestroy());
    server.closeAllConnections();
  };
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, tokens, consistencyTokens, goAway };
}

function answerTo({ method, url = '' }: IncomingMessage, answers: Answers): { status: number; body: unknown } {
  const found = answers[`${method} ${url}`] ?? answers[`${method} ${url.split('?')[0]}`];
  if (found === undefined) return { status: 404, body: { code: 'not_found', detail: 'There is no such thing.' } };
  return isWhole(found) ? found : { status: 200, body: found };
}

const isWhole = (answer: unknown): answer is ReturnType<typeof withStatus> =>
  typeof answer === 'object' && answer !== null && 'isWhole' in answer;

export const replicasOf = (urls: Readonly<Record<string, string | readonly string[]>>): readonly RunningReplicas[] =>
  Object.entries(urls).map(([service, url]) => ({
    service,
    replicas: [url].flat().map((one, at) => ({
      replica: `${service}-${at + 1}`,
      pid: 7,
      url: one,
      version: '1.0.0',
      startedAt: new Date(0),
    })),
  }));

/** The shop's gateway before these services; it closes with the test. */
export async function aShop(
  t: TestContext,
  urls: Readonly<Record<string, string | readonly string[]>>,
  options: Partial<ShopGatewayOptions> = {},
) {
  const gateway = createShopGateway({
    services: () => replicasOf(urls),
    verifier,
    telemetry: createTelemetry({ service: 'gateway', logLevel: 'silent' }),
    clock: systemClock,
    ...options,
  });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => gateway.close());
  const ask = (path: string, init: RequestInit = {}) => fetch(gateway.url + path, init);
  const asAdmin = async (call: string, body?: unknown) => {
    const [method = 'GET', path = ''] = call.split(' ');
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await ask(path, {
      method,
      headers: { authorization: 'Bearer admin', ...type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { gateway, ask, asAdmin };
}

export const idOf = (number: number): string => `01a20505-1afa-7000-b9d2-${String(number).padStart(12, '0')}`;

export const cursorAfter = (id: string): string => Buffer.from(JSON.stringify(id)).toString('base64url');
