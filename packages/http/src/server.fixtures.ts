import { systemClock } from '@ashlar/domain';
import { createTelemetry } from '@ashlar/telemetry';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Caller } from './caller.ts';
import { createServiceServer, type ServiceServer, type ServiceServerOptions } from './service-server.ts';
import { InvalidTokenError } from './token-verifier.ts';

export const ALICE: Caller = { id: 'alice', role: 'customer', sessionId: 's1' };
export const BOB: Caller = { id: 'bob', role: 'customer', sessionId: 's2' };
export const ADMIN: Caller = { id: 'root', role: 'admin', sessionId: 's3' };

const PEOPLE: Readonly<Record<string, Caller>> = { alice: ALICE, bob: BOB, admin: ADMIN };

/** The headers of a request by one of them; tokens are their names. */
export const by = (name: 'alice' | 'bob' | 'admin', more: Record<string, string> = {}) => ({
  authorization: `Bearer ${name}`,
  ...more,
});

/** Keeps the log lines of a server. */
export function logTo(lines: Record<string, unknown>[]) {
  return { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
}

/** A ready server with these routes; everything else can be replaced. */
export async function aServer(
  route: FastifyPluginAsyncTypebox,
  options: Partial<ServiceServerOptions> = {},
): Promise<ServiceServer> {
  const server = await createServiceServer({
    service: 'order',
    version: '1.0.0',
    telemetry: createTelemetry({ service: 'order', logLevel: 'fatal' }),
    db: undefined,
    verifier: {
      async verify(token) {
        const caller = PEOPLE[token];
        if (!caller) throw new InvalidTokenError('unknown');
        return caller;
      },
    },
    clock: systemClock,
    routes: [route],
    ...options,
  });
  server.markReady();
  return server;
}
