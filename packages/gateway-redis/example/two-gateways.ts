import { systemClock } from '@ashlar/domain';
import { createGateway } from '@ashlar/gateway';
import { redisCluster } from '@ashlar/gateway-redis';
import { createTelemetry } from '@ashlar/telemetry';

/** Two gateways that let five requests through between them. */
const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

const gateways = ['one', 'other'].map(() => {
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'warn' });
  return createGateway({
    routes: [{ method: 'GET', path: '/', access: 'public', handle: async () => ({ status: 200, body: 'hello' }) }],
    upstreams: [],
    limits: { default: [{ name: 'all', by: 'address', quota: 5, windowSeconds: 2, shape: 'bucket' }] },
    telemetry,
    clock: systemClock,
    ready: () => true,
    cluster: redisCluster({ url, namespace: 'example', log: telemetry.log, clock: systemClock }),
  });
});
for (const gateway of gateways) await gateway.listen({ port: 0, host: '127.0.0.1' });
for (let turn = 0; turn < 8; turn++) {
  const { status, headers } = await fetch(gateways[turn % 2]!.url);
  console.log(status, headers.get('ratelimit'));
}
await Promise.all(gateways.map((gateway) => gateway.close()));
