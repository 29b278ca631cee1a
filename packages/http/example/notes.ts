import { DomainError, systemClock, UuidV7Ids } from '@ashlar/domain';
import { createServiceServer, cursorPage, cursorQuery, InvalidTokenError, sendWithEtag } from '@ashlar/http';
import { createTelemetry } from '@ashlar/telemetry';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';

const notes = new Map<string, { id: string; owner: string; text: string; version: number }>();
const ids = new UuidV7Ids();

const noteController: FastifyPluginAsyncTypebox = async (http) => {
  const user = { access: 'user' } as const;

  http.post(
    '/v1/notes',
    { config: user, schema: { body: Type.Object({ text: Type.String({ minLength: 1 }) }) } },
    async (request, reply) => {
      const note = { id: ids.next(), owner: request.caller.id, text: request.body.text, version: 1 };
      notes.set(note.id, note);
      return reply.code(201).header('location', `/v1/notes/${note.id}`).send(note);
    },
  );

  http.get(
    '/v1/notes/:id',
    { config: user, schema: { params: Type.Object({ id: Type.String() }) } },
    async (request, reply) => {
      const note = notes.get(request.params.id);
      if (note?.owner !== request.caller.id)
        throw new DomainError('no_such_note', 'not_found', 'There is no such note.');
      return sendWithEtag(request, reply, { version: note.version, body: note });
    },
  );

  http.get('/v1/notes', { config: user, schema: { querystring: cursorQuery({}) } }, async (request) => {
    const page = cursorPage(request.query, Type.String());
    const mine = [...notes.values()].filter((note) => note.owner === request.caller.id && note.id > (page.after ?? ''));
    return page.of(mine.slice(0, page.fetch), (last) => last.id);
  });
};

const server = await createServiceServer({
  service: 'note',
  version: '1.0.0',
  telemetry: createTelemetry({ service: 'note', logLevel: 'fatal' }),
  db: undefined,
  // A service uses createTokenVerifier({ jwks, issuer, audience, clock }).
  verifier: {
    async verify(token) {
      if (token !== 'ada') throw new InvalidTokenError('Nobody we know.');
      return { id: 'ada', role: 'customer', sessionId: 's1' };
    },
  },
  clock: systemClock,
  routes: [noteController],
});
const url = await server.listen({ host: '127.0.0.1', port: 0 });
server.markReady();

const ada = { authorization: 'Bearer ada', 'content-type': 'application/json' };
const post = (body: object) => fetch(`${url}/v1/notes`, { method: 'POST', headers: ada, body: JSON.stringify(body) });

const made = await post({ text: 'buy bread' });
console.log('made', made.status);
const at = `${url}${made.headers.get('location')}`;
const read = await fetch(at, { headers: ada });
console.log('read', read.status, read.headers.get('etag'));
console.log('again', (await fetch(at, { headers: { ...ada, 'if-none-match': '"1"' } })).status);
const { status, code, errors } = (await (await post({ text: '', colour: 'red' })).json()) as Record<string, unknown>;
console.log('refused', JSON.stringify({ status, code, errors }));
console.log('stranger', (await fetch(at)).status);
await post({ text: 'buy milk' });
const page = (await (await fetch(`${url}/v1/notes?limit=1`, { headers: ada })).json()) as { nextCursor: string };
const rest = (await (await fetch(`${url}/v1/notes?cursor=${page.nextCursor}`, { headers: ada })).json()) as {
  items: unknown[];
};
console.log('page', rest.items.length);
console.log('ready', (await fetch(`${url}/readyz`)).status);
await server.close();
