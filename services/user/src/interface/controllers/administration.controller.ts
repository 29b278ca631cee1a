import { cursorPage, Id, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { UserApplication } from '../../application/user.application.ts';
import { keyRotation, list, reading, roleChange } from './administration.schemas.ts';

/** What administrators see and do of other users. */
export const administrationController =
  ({
    listUsers,
    viewUser,
    changeRole,
    checkAdministrator,
    rotateSigningKey,
  }: UserApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/v1/users', list, async ({ query: { limit, cursor }, caller }, reply) => {
      await checkAdministrator.execute(caller);
      const page = cursorPage({ limit, cursor }, Id);
      const users = await listUsers.execute({
        limit: page.fetch,
        ...(page.after !== undefined && { before: page.after }),
      });
      return reply.header('cache-control', 'no-store').send(page.of(users, ({ id }) => id));
    });

    http.get('/v1/users/:id', reading, async (request, reply) => {
      const { user, version } = await viewUser.execute(request.params.id, request.caller.id);
      return sendWithEtag(request, reply.header('cache-control', 'no-store'), { version, body: user });
    });

    http.patch('/v1/users/:id', roleChange, async ({ params, body, caller }, reply) => {
      await checkAdministrator.execute(caller);
      const user = await changeRole.execute({ userId: params.id, role: body.role });
      // The gateway takes the former role out of the user's tokens by this; no client sees the header.
      return reply.header('ashlar-current-role', `${user.id} ${user.role}`).send(user);
    });

    http.post('/ops/signing-keys/rotation', keyRotation, async ({ caller }, reply) => {
      await checkAdministrator.execute(caller);
      return reply.code(201).send(await rotateSigningKey.execute());
    });
  };
