import { CursorQuery, cursorPage, IdParams, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { UserApplication } from '../../application/user.application.ts';

const RoleBody = Type.Object({ role: Type.Union([Type.Literal('customer'), Type.Literal('admin')]) });

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
    http.get(
      '/v1/users',
      { config: { access: 'admin' }, schema: { querystring: CursorQuery } },
      async ({ query: { limit, cursor }, caller }, reply) => {
        await checkAdministrator.execute(caller);
        const page = cursorPage({ limit, ...(cursor !== undefined && { cursor }) }, Type.String());
        const users = await listUsers.execute({
          limit: page.fetch,
          ...(page.after !== undefined && { before: page.after }),
        });
        return reply.header('cache-control', 'no-store').send(page.of(users, ({ id }) => id));
      },
    );

    http.get('/v1/users/:id', { config: { access: 'user' }, schema: { params: IdParams } }, async (request, reply) => {
      const { user, version } = await viewUser.execute(request.params.id, request.caller.id);
      return sendWithEtag(request, reply.header('cache-control', 'no-store'), { version, body: user });
    });

    http.patch(
      '/v1/users/:id',
      { config: { access: 'admin' }, schema: { params: IdParams, body: RoleBody } },
      async ({ params, body, caller }) => {
        await checkAdministrator.execute(caller);
        return changeRole.execute({ userId: params.id, role: body.role });
      },
    );

    http.post('/ops/signing-keys/rotation', { config: { access: 'admin' } }, async ({ caller }, reply) => {
      await checkAdministrator.execute(caller);
      return reply.code(201).send(await rotateSigningKey.execute());
    });
  };
