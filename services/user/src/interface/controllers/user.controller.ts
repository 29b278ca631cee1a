import { sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';
import type { UserApplication } from '../../application/user.application.ts';
import { emailAddress } from '../../domain/entities/email-address.ts';
import { checkFields } from './user.checks.ts';

const SignUpBody = Type.Object({ email: Type.String(), password: Type.String(), name: Type.String() });
const ProfileBody = Type.Object({ name: Type.Optional(Type.String()) });
const PasswordBody = Type.Object({ currentPassword: Type.String(), newPassword: Type.String() });

const callerOf = ({ body }: { body: unknown }): string => emailAddress((body as Static<typeof SignUpBody>).email);

/** What everyone does with their own account. */
export const userController =
  ({
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
        config: { access: 'public', idempotent: callerOf },
        schema: { body: SignUpBody },
        // From here on the request holds the hash in place of the password: nothing that is stored, not even the
        // fingerprint of an idempotent request, is made of the password. The seed keeps that fingerprint the same.
        preHandler: async ({ body, headers }) => {
          checkFields(body);
          const key = headers['idempotency-key'];
          const seed = key === undefined ? undefined : JSON.stringify([emailAddress(body.email), key]);
          body.password = await hashPassword.execute(body.password, seed);
        },
      },
      async ({ body: { email, name, password: passwordHash } }, reply) => {
        const user = await registerUser.execute({ email, name, passwordHash });
        return reply.code(201).header('location', `/v1/users/${user.id}`).send(user);
      },
    );

    http.get('/v1/users/me', { config: { access: 'user' } }, async (request, reply) => {
      const { user, version } = await viewUser.execute(request.caller.id, request.caller.id);
      return sendWithEtag(request, reply.header('cache-control', 'no-store'), { version, body: user });
    });

    http.patch(
      '/v1/users/me',
      { config: { access: 'user' }, schema: { body: ProfileBody } },
      async ({ body, caller }) => {
        checkFields(body);
        return renameUser.execute({ ...body, userId: caller.id });
      },
    );

    http.put(
      '/v1/users/me/password',
      { config: { access: 'user' }, schema: { body: PasswordBody } },
      async ({ body, caller }, reply) => {
        checkFields({ newPassword: body.newPassword });
        await changePassword.execute({ ...body, userId: caller.id, sessionId: caller.sessionId });
        return reply.code(204).send();
      },
    );

    http.delete('/v1/users/me', { config: { access: 'user' } }, async ({ caller }, reply) => {
      await eraseUser.execute({ userId: caller.id });
      return reply.code(204).send();
    });
  };
