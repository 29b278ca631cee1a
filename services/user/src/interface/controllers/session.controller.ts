import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { UserApplication } from '../../application/user.application.ts';

/** Loose on purpose: what cannot be right is answered like what is wrong. */
const Credential = Type.String({ maxLength: 1_024 });
const SignInBody = Type.Object({ email: Credential, password: Credential });
const RefreshBody = Type.Object({ refreshToken: Credential });

const NO_STORE = ['cache-control', 'no-store'] as const;

/** Signing in, staying in, and signing out. */
export const sessionController =
  ({ signIn, refreshSession, signOut, publishKeys }: UserApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post(
      '/v1/sessions',
      { config: { access: 'public' }, schema: { body: SignInBody } },
      async ({ body }, reply) => {
        reply.header(...NO_STORE);
        return reply.code(201).send(await signIn.execute(body));
      },
    );

    http.post(
      '/v1/sessions/refresh',
      { config: { access: 'public' }, schema: { body: RefreshBody } },
      async ({ body }, reply) => {
        reply.header(...NO_STORE);
        return reply.code(201).send(await refreshSession.execute(body.refreshToken));
      },
    );

    http.delete('/v1/sessions', { config: { access: 'user' } }, async ({ caller }, reply) => {
      await signOut.execute(caller);
      return reply.code(204).send();
    });

    http.get('/.well-known/jwks.json', { config: { access: 'public' } }, async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=60').send(await publishKeys.execute()),
    );
  };
