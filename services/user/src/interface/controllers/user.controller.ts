import { sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';
import type { UserApplication } from '../../application/user.application.ts';
import { emailAddress } from '../../domain/entities/email-address.ts';
import { checkFields, invalidFields } from './user.checks.ts';
import { leaving, passwordChange, reading, renaming, UserView } from './user.schemas.ts';

const SignUpBody = Type.Object({ email: Type.String(), password: Type.String(), name: Type.String() });

const ofWhomItMade = (user: unknown) => (user as { readonly id?: string }).id;

/** What everyone does with their own account. */
export const userController =
  ({
    hashEmail,
    hashPassword,
    registerUser,
    viewUser,
    renameUser,
    changePassword,
    eraseUser,
  }: UserApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post(
      '/v1/users',
      {
        config: {
          access: 'public',
          idempotent: ({ body }) => hashEmail.execute((body as Static<typeof SignUpBody>).email),
          about: ofWhomItMade,
          refuses: { email_taken: 'conflict' },
        },
        schema: { summary: 'Sign up', body: SignUpBody, response: { 201: UserView } },
        // From here on the request holds the hash in place of the password: nothing that is stored, not even the
        // fingerprint of an idempotent request, is made of the password. The seed keeps that fingerprint the same.
        preHandler: async (request) => {
          const { body, headers } = request;
          const key = headers['idempotency-key'];
          request.invalid = invalidFields(body);
          if (request.invalid && key === undefined) return;
          const seed = key === undefined ? undefined : JSON.stringify([emailAddress(body.email), key]);
          body.password = await hashPassword.execute(body.password, seed);
        },
      },
      async ({ body: { email, name, password: passwordHash } }, reply) => {
        const user = await registerUser.execute({ email, name, passwordHash });
        return reply.code(201).header('location', `/v1/users/${user.id}`).send(user);
      },
    );

    http.get('/v1/users/me', reading, async (request, reply) => {
      const { user, version } = await viewUser.execute(request.caller.id, request.caller.id);
      return sendWithEtag(request, reply.header('cache-control', 'no-store'), { version, body: user });
    });

    http.patch('/v1/users/me', renaming, async ({ body, caller }) => {
      checkFields(body);
      return renameUser.execute({ ...body, userId: caller.id });
    });

    http.put('/v1/users/me/password', passwordChange, async ({ body, caller }, reply) => {
      checkFields({ newPassword: body.newPassword });
      await changePassword.execute({ ...body, userId: caller.id, sessionId: caller.sessionId });
      return reply.code(204).send();
    });

    http.delete('/v1/users/me', leaving, async ({ caller }, reply) => {
      await eraseUser.execute({ userId: caller.id });
      return reply.code(204).send();
    });
  };
