import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';
import { brokenRoutes } from './published-routes.ts';

const json = (schema: object): object => ({ content: { 'application/json': { schema } } });
const text = { type: 'string' };

const PUBLISHED = JSON.stringify({
  info: { title: 'booking' },
  paths: {
    '/bookings': {
      post: {
        requestBody: json({ type: 'object', properties: { guest: text }, required: ['guest'] }),
        responses: { 201: json({ $ref: '#/components/schemas/Booking' }), 400: {} },
      },
    },
    '/bookings/{id}': { get: { responses: { 200: {} } } },
    '/ops/breakers': { get: { responses: { 200: {} } } },
  },
  components: {
    schemas: { Booking: { type: 'object', properties: { id: text, note: text }, required: ['id'] } },
  },
});

const routes = (body: string, response: string, path = '/bookings/:id'): string => `import Type from 'typebox';

const creation = { schema: { body: Type.Object({ ${body} }), response: { ${response} } } } as const;

export const bookingController = (bookRoom) => async (app) => {
  app.post('/bookings', creation, async ({ body }) => bookRoom.execute(body));
  app.get('${path}', async () => bookRoom.all());
};
`;

const broken = (controller: string): string[] => {
  const edits = {
    'contracts/baseline/booking.openapi.json': PUBLISHED,
    'services/booking/src/interface/booking.controller.ts': controller,
  };
  return withMutant({ system: 'fastify-shop', edits }, (root) =>
    brokenRoutes(readSystem(root), join(root, 'contracts/baseline')).map(({ what }) => what),
  );
};

const GUEST = 'guest: Type.String()';
const BOOKING = '201: Type.Object({ id: Type.String(), note: Type.Optional(Type.String()) })';

test('routes that answer as they did are in order, and so is what a kit answers elsewhere', () => {
  deepStrictEqual(broken(routes(GUEST, BOOKING)), []);
  deepStrictEqual(
    broken(routes(`${GUEST}, wish: Type.Optional(Type.String())`, `${BOOKING}, 202: Type.Object({})`)),
    [],
  );
});

test('another status, another required field and a field that is gone break those who ask', () => {
  deepStrictEqual(broken(routes(GUEST, BOOKING.replace('201', '202'))), [
    'POST /bookings breaks: it no longer answers 201',
  ]);
  deepStrictEqual(broken(routes(`${GUEST}, phone: Type.String()`, BOOKING)), [
    'POST /bookings breaks: in requests phone is new, and required',
  ]);
  deepStrictEqual(broken(routes(GUEST, '201: Type.Object({ id: Type.String() })')), [
    'POST /bookings breaks: in answers note is gone',
  ]);
});

test('a route that is gone breaks those who ask for it', () => {
  deepStrictEqual(broken(routes(GUEST, BOOKING, '/rooms/:id')), ['GET /bookings/{id} was published, and is gone']);
});
