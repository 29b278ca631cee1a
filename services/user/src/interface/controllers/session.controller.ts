import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { UserApplication } from '../../application/user.application.ts';
import { keySet, refreshing, signingIn, signingOut } from './session.schemas.ts';

const NO_STORE = ['cache-control', 'no-store'] as const;

/** The gateway refuses the tokens of a session that has ended by this refusal; no client sees the header. */
function tellEndedSession(reply: { header(name: string, value: string): unknown }, error: unknown): void {
  if (error instanceof Error && 'endedSessionId' in error) {
    reply.header('ashlar-ended-session', String(error.endedSessionId));
  }
}

/** Signing in, staying in, and signing out. */
export const sessionController =
  ({ signIn, refreshSession, signOut, publishKeys }: UserApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post('/v1/sessions', signingIn, async ({ body }, reply) => {
      reply.header(...NO_STORE);
      return reply.code(201).send(await signIn.execute(body));
    });

    http.post('/v1/sessions/refresh', refreshing, async ({ body }, reply) => {
      reply.header(...NO_STORE);
      try {
        return reply.code(201).send(await refreshSession.execute(body.refreshToken));
      } catch (error) {
        tellEndedSession(reply, error);
        throw error;
      }
    });

    http.delete('/v1/sessions', signingOut, async ({ caller }, reply) => {
      await signOut.execute(caller);
      return reply.code(204).send();
    });

    http.get('/.well-known/jwks.json', keySet, async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=60').send(await publishKeys.execute()),
    );
  };
