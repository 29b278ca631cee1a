import { systemClock } from '@ashlar/domain';
import { createGateway, jwtIdentities } from '@ashlar/gateway';
import { createTelemetry } from '@ashlar/telemetry';

/** A gateway in a process of its own: argv tells the service's address, the port, and the issuer's keys as JSON. */
const [origin = '', port = '0', jwks = '{"keys":[]}'] = process.argv.slice(2);

const gateway = createGateway({
  routes: [
    { method: 'GET', path: '/bare', upstream: 'service', access: 'public', limit: 'none' },
    { method: 'GET', path: '/cached', upstream: 'service', access: 'public', limit: 'none', cache: true },
    {
      method: 'GET',
      path: '/policies',
      upstream: 'service',
      access: { scopes: ['read'] },
      request: { headers: { set: { 'x-tenant': 'one' }, remove: ['x-debug'] } },
      response: { headers: { remove: ['x-inner'] } },
    },
  ],
  upstreams: [{ name: 'service', replicas: () => [origin] }],
  limits: { none: [], default: [{ name: 'all', by: 'caller', quota: 1e9, windowSeconds: 1, shape: 'bucket' }] },
  verifier: jwtIdentities({ jwks: JSON.parse(jwks) }, systemClock),
  telemetry: createTelemetry({ service: 'gateway', logLevel: 'silent', remembers: false }),
  clock: systemClock,
  ready: () => true,
});
await gateway.listen({ port: Number(port), host: '127.0.0.1' });
process.send?.('listening');
process.on('disconnect', () => process.exit());
