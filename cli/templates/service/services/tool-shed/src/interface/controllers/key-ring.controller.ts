import { cursorPage, etagOf, Id, requireIfMatch, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ToolShedApplication } from '../../application/tool-shed.application.ts';
import { archiving, change, creation, list, reading } from './key-ring.schemas.ts';

export const keyRingController =
  (application: ToolShedApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    const { createKeyRing, getKeyRing, listKeyRings, changeKeyRing, archiveKeyRing } = application;

    http.get('/v1/key-rings', list, async ({ query: { status, ownerId, limit, cursor }, caller }) => {
      const page = cursorPage({ limit, cursor }, Id);
      const filter = {
        ownerId: caller.role === 'admin' && ownerId ? ownerId : caller.id,
        status,
        limit: page.fetch,
        ...(page.after !== undefined && { after: page.after }),
      };
      return page.of(await listKeyRings.execute(filter), ({ id }) => id);
    });

    http.get('/v1/key-rings/:id', reading, async (request, reply) => {
      const body = await getKeyRing.execute(request.params.id, request.caller);
      return sendWithEtag(request, reply, { version: body.version, body });
    });

    http.post('/v1/key-rings', creation, async ({ body, caller }, reply) => {
      const created = await createKeyRing.execute({ ...body, ownerId: caller.id });
      const headers = { location: `/v1/key-rings/${created.id}`, etag: etagOf(created.version) };
      return reply.code(201).headers(headers).send(created);
    });

    http.patch('/v1/key-rings/:id', change, async (request, reply) => {
      const { params, body: changes, caller: viewer } = request;
      const mayChange = (version: number) => requireIfMatch(request, version);
      const body = await changeKeyRing.execute({ id: params.id, viewer, changes, mayChange });
      return sendWithEtag(request, reply, { version: body.version, body });
    });

    http.delete('/v1/key-rings/:id', archiving, async (request, reply) => {
      const mayChange = (version: number) => requireIfMatch(request, version);
      await archiveKeyRing.execute({ id: request.params.id, viewer: request.caller, mayChange });
      return reply.code(204).send();
    });
  };
