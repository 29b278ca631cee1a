import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@ashlar/domain';
import { createGateway } from '@ashlar/gateway';
import { InvalidTokenError } from '@ashlar/http';
import { createTelemetry } from '@ashlar/telemetry';

// A service behind the gateway: it answers with what it was told.
const notes = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ path: request.url, from: request.headers['x-forwarded-for'] }));
});
await new Promise<void>((resolve) => notes.listen(0, '127.0.0.1', resolve));
const { port } = notes.address() as AddressInfo;

const gateway = createGateway({
  routes: [
    { method: 'GET', path: '/v1/notes', upstream: 'notes', access: 'public' },
    { method: 'GET', path: '/v1/notes/:id', upstream: 'notes', access: 'user' },
  ],
  ops: [
    {
      method: 'GET',
      path: '/ops/hello/:name',
      access: 'admin',
      handle: async ({ parameters }) => ({ status: 200, body: { hello: parameters['name'] } }),
    },
  ],
  upstreams: [{ name: 'notes', replicas: () => [`http://127.0.0.1:${port}`] }],
  limits: { default: [{ name: 'default', by: 'caller', quota: 4, windowSeconds: 60, shape: 'bucket' }] },
  verifier: {
    async verify(token) {
      if (token !== 'alice' && token !== 'admin') throw new InvalidTokenError('unknown');
      return { id: token, role: token === 'admin' ? 'admin' : 'customer', sessionId: 's1' };
    },
  },
  telemetry: createTelemetry({ service: 'gateway', logLevel: 'warn' }),
  ready: () => true,
  clock: systemClock,
});
await gateway.listen({ port: 0, host: '127.0.0.1' });

async function show(path: string, token?: string): Promise<void> {
  const response = await fetch(gateway.url + path, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  console.log(response.status, path, response.headers.get('ratelimit') ?? '', await response.text());
}

await show('/readyz');
await show('/v1/notes?search=tea');
await show('/v1/notes/7');
await show('/v1/notes/7', 'alice');
await show('/v1/nothing');
await show('/ops/unknown', 'alice');
await show('/ops/hello/world', 'admin');
await show('/v1/notes/..%2f..%2fops');
await show('/v1/notes');
await show('/v1/notes');

await gateway.close();
notes.close();
