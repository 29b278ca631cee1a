import type { GatewayConfig } from './schema.ts';

/** A small configuration to begin with: every method and path to one upstream, for everybody, with the cache on. */
export const exampleConfig = (upstream: string, port: number): GatewayConfig => ({
  listen: { port },
  upstreams: { origin: { replicas: [upstream] } },
  routes: [
    {
      method: '*',
      path: '/*',
      upstream: 'origin',
      access: 'public',
      body: 'any',
      errors: 'passed',
      upgrade: true,
      bodyLimitBytes: 1 << 30,
      cache: true,
    },
  ],
});
