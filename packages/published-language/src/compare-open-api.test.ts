import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { compareOpenApi } from './compare-open-api.ts';
import type { JsonObject } from './json.ts';

const text = { type: 'string' };
const aNote = () => ({ content: { 'application/json': { schema: { $ref: '#/components/schemas/Note' } } } });

/** An API with one of everything; each test changes one thing of it. */
const anApi = () => ({
  openapi: '3.1.0',
  info: { title: 'note', version: '1.0.0' },
  components: {
    schemas: { Note: { type: 'object', properties: { text, colour: text }, required: ['text'] } } as JsonObject,
    responses: { problem: { description: 'A problem', content: { 'application/problem+json': {} } } } as JsonObject,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } as JsonObject,
  },
  paths: {
    '/notes': {
      get: {
        parameters: [
          { in: 'query', name: 'limit', schema: { type: 'integer' } },
          { in: 'header', name: 'If-Match', required: true, schema: text },
        ] as JsonObject[],
        responses: {
          '200': { description: 'OK', headers: { ETag: { required: true, schema: text } }, ...aNote() },
          '404': { description: 'No', 'x-problem-codes': ['no_such_note'] },
          default: { $ref: '#/components/responses/problem' },
        } as JsonObject,
        security: [{ bearer: [] }] as JsonObject[],
      } as JsonObject & { parameters: JsonObject[]; responses: JsonObject; security: JsonObject[] },
      post: {
        requestBody: { required: false, ...aNote() } as JsonObject,
        responses: { '201': { description: 'Created' } } as JsonObject,
      } as JsonObject,
    } as JsonObject,
    '/notes/{id}/lines/{no}': {
      put: {
        parameters: [
          { in: 'path', name: 'no', required: true, schema: { type: 'integer' } },
          { in: 'path', name: 'id', required: true, schema: text },
        ],
        responses: { '204': { description: 'Done' } },
      },
    } as JsonObject,
  } as JsonObject,
});

type Api = ReturnType<typeof anApi>;
type Loose = { [name: string]: Loose } & Loose[];

/** Any part of the API, to be changed. */
const part = (api: Api, ...path: readonly (string | number)[]): Loose =>
  path.reduce((value, name) => value[name as number]!, api as unknown as Loose);

const get = (api: Api, ...path: readonly (string | number)[]) => part(api, 'paths', '/notes', 'get', ...path);
const post = (api: Api, ...path: readonly (string | number)[]) => part(api, 'paths', '/notes', 'post', ...path);
const set = (target: Loose, values: object): void => void Object.assign(target, values);
const remove = (target: Loose, name: string): void => void delete target[name];

type Row = readonly [kinds: readonly string[], outcome: 'breaks' | 'is fine', change: (api: Api) => void];

const BREAKS = 'breaks';
const FINE = 'is fine';
const BOTH = { content: { 'application/json': {}, 'text/plain': {} } };

const ROWS: Readonly<Record<string, Row>> = {
  'nothing at all': [[], FINE, () => {}],
  'words and version': [[], FINE, (api) => set(part(api, 'info'), { version: '2.0.0', description: 'Notes' })],
  'a summary of a call': [[], FINE, (api) => set(get(api), { summary: 'Reads', description: 'Reads notes' })],
  'a path that is gone': [['call removed'], BREAKS, (api) => remove(part(api, 'paths'), '/notes/{id}/lines/{no}')],
  'a method that is gone': [['call removed'], BREAKS, (api) => remove(part(api, 'paths', '/notes'), 'post')],
  'a new path': [['call added'], FINE, (api) => set(part(api, 'paths'), { '/more': { get: { responses: {} } } })],
  'other names of the parameters of a path': [
    [],
    FINE,
    (api) => {
      const { put } = part(api, 'paths', '/notes/{id}/lines/{no}');
      remove(part(api, 'paths'), '/notes/{id}/lines/{no}');
      set(put!['parameters']![0]!, { name: 'line' });
      set(put!['parameters']![1]!, { name: 'note' });
      set(part(api, 'paths'), { '/notes/{note}/lines/{line}': { put } });
    },
  ],
  'another type of a parameter of a path': [
    ['type changed'],
    BREAKS,
    (api) => set(part(api, 'paths', '/notes/{id}/lines/{no}', 'put', 'parameters', 1), { schema: { type: 'integer' } }),
  ],

  'a query parameter that is gone': [['parameter removed'], BREAKS, (api) => void get(api, 'parameters').shift()],
  'a header that is asked for no more': [['parameter removed'], BREAKS, (api) => void get(api, 'parameters').pop()],
  'a new optional parameter': [
    ['parameter added'],
    FINE,
    (api) => void get(api, 'parameters').push({ in: 'query', name: 'search', schema: text } as never),
  ],
  'a new required parameter': [
    ['parameter added'],
    BREAKS,
    (api) => void get(api, 'parameters').push({ in: 'query', name: 'search', required: true, schema: text } as never),
  ],
  'a parameter that is required now': [
    ['parameter became required'],
    BREAKS,
    (api) => set(get(api, 'parameters', 0), { required: true }),
  ],
  'a parameter that is optional now': [[], FINE, (api) => set(get(api, 'parameters', 1), { required: false })],
  'another type of a parameter': [['type changed'], BREAKS, (api) => set(get(api, 'parameters', 0), { schema: text })],
  'a bound of a parameter': [
    ['narrowed'],
    BREAKS,
    (api) => set(get(api, 'parameters', 0), { schema: { type: 'integer', maximum: 9 } }),
  ],
  'a header in other letters': [[], FINE, (api) => set(get(api, 'parameters', 1), { name: 'if-match' })],
  'another style of a parameter': [
    ['not understood'],
    BREAKS,
    (api) => set(get(api, 'parameters', 0), { style: 'deepObject' }),
  ],

  'a body that is gone': [['body removed'], BREAKS, (api) => remove(post(api), 'requestBody')],
  'a body that is new and optional': [['body added'], FINE, (api) => set(get(api), { requestBody: aNote() })],
  'a body that is new and required': [
    ['body became required'],
    BREAKS,
    (api) => set(get(api), { requestBody: { required: true, ...aNote() } }),
  ],
  'a body that is required now': [
    ['body became required'],
    BREAKS,
    (api) => set(post(api, 'requestBody'), { required: true }),
  ],
  'a media type of a body that is gone': [
    ['media type removed', 'media type added'],
    BREAKS,
    (api) => set(post(api, 'requestBody'), { content: { 'text/plain': {} } }),
  ],
  'a media type of a body that is new': [
    ['type widened', 'media type added'],
    FINE,
    (api) => set(post(api, 'requestBody'), BOTH),
  ],
  'a body that asks for more': [
    ['field became required'],
    BREAKS,
    (api) =>
      set(post(api, 'requestBody', 'content', 'application/json'), {
        schema: { type: 'object', properties: { text, colour: text }, required: ['text', 'colour'] },
      }),
  ],
  'an encoding of a body': [
    ['not understood'],
    BREAKS,
    (api) => set(post(api, 'requestBody', 'content', 'application/json'), { encoding: {} }),
  ],

  'a status that is gone': [['status removed'], BREAKS, (api) => remove(get(api, 'responses'), '404')],
  'another status of success': [
    ['status removed', 'status added'],
    BREAKS,
    (api) => set(post(api), { responses: { '202': { description: 'Later' } } }),
  ],
  'one more status of success': [['status added'], BREAKS, (api) => set(get(api, 'responses'), { '206': {} })],
  'a refusal that default told of': [['status added'], FINE, (api) => set(get(api, 'responses'), { '409': {} })],
  'a refusal that nothing told of': [['status added'], BREAKS, (api) => set(post(api, 'responses'), { '409': {} })],
  'a default that is new': [
    ['status added'],
    FINE,
    (api) => set(post(api, 'responses'), { default: { description: 'A problem' } }),
  ],
  'an answer with less in it': [
    ['field became optional'],
    BREAKS,
    (api) =>
      set(get(api, 'responses', '200', 'content', 'application/json'), {
        schema: { type: 'object', properties: { text, colour: text } },
      }),
  ],
  'a schema that body and answer share': [
    ['field removed', 'field removed'],
    BREAKS,
    (api) => remove(part(api, 'components', 'schemas', 'Note', 'properties'), 'colour'),
  ],
  'a media type of an answer that is gone': [
    ['media type removed'],
    BREAKS,
    (api) => remove(get(api, 'responses', '200', 'content'), 'application/json'),
  ],
  'a media type of an answer that is new': [
    ['media type added'],
    FINE,
    (api) => set(get(api, 'responses', '200', 'content'), { 'text/plain': {} }),
  ],
  'an answer behind a reference': [
    ['media type removed'],
    BREAKS,
    (api) => set(part(api, 'components', 'responses', 'problem'), { content: {} }),
  ],
  'a header of an answer that is gone': [
    ['header removed'],
    BREAKS,
    (api) => remove(get(api, 'responses', '200', 'headers'), 'ETag'),
  ],
  'a header of an answer that is new': [
    ['header added'],
    FINE,
    (api) => set(get(api, 'responses', '200', 'headers'), { Location: { schema: text } }),
  ],
  'a header of an answer that may be missing': [
    ['header became optional'],
    BREAKS,
    (api) => set(get(api, 'responses', '200', 'headers', 'ETag'), { required: false }),
  ],
  'another type of a header': [
    ['type changed'],
    BREAKS,
    (api) => set(get(api, 'responses', '200', 'headers', 'ETag'), { schema: { type: 'integer' } }),
  ],
  'links of an answer': [['not understood'], BREAKS, (api) => set(get(api, 'responses', '200'), { links: { a: {} } })],
  'a problem that is gone': [
    ['problem removed', 'problem added'],
    BREAKS,
    (api) => set(get(api, 'responses', '404'), { 'x-problem-codes': ['gone'] }),
  ],
  'a problem that is new': [
    ['problem added'],
    FINE,
    (api) => void get(api, 'responses', '404', 'x-problem-codes').push('gone' as never),
  ],

  'a token that is asked for': [
    ['security tightened'],
    BREAKS,
    (api) => set(post(api), { security: [{ bearer: [] }] }),
  ],
  'a token that all calls are asked for': [
    ['security tightened', 'security tightened'],
    BREAKS,
    (api) => set(part(api), { security: [{ bearer: [] }] }),
  ],
  'a role that is asked for': [
    ['security tightened'],
    BREAKS,
    (api) => set(get(api), { security: [{ bearer: ['admin'] }] }),
  ],
  'a second secret that is asked for': [
    ['security tightened'],
    BREAKS,
    (api) => set(get(api), { security: [{ bearer: [], key: [] }] }),
  ],
  'another way in beside the old one': [
    ['security loosened'],
    FINE,
    (api) => set(get(api), { security: [{ bearer: [] }, { key: [] }] }),
  ],
  'no token any more': [['security loosened'], FINE, (api) => remove(get(api), 'security')],
  'another kind of token': [
    ['security scheme changed'],
    BREAKS,
    (api) => set(part(api, 'components', 'securitySchemes', 'bearer'), { scheme: 'basic' }),
  ],
  'another word for the token': [
    [],
    FINE,
    (api) => set(part(api, 'components', 'securitySchemes', 'bearer'), { bearerFormat: 'opaque' }),
  ],

  'a name of a call': [['not understood'], BREAKS, (api) => set(get(api), { operationId: 'readNotes' })],
  'calls back': [['not understood'], BREAKS, (api) => set(post(api), { callbacks: { done: {} } })],
  'other servers of a path': [
    ['not understood', 'not understood'],
    BREAKS,
    (api) => set(part(api, 'paths', '/notes'), { servers: [{ url: '/v2' }] }),
  ],
  'other servers': [['not understood'], BREAKS, (api) => set(part(api), { servers: [{ url: '/v2' }] })],
  webhooks: [['not understood'], BREAKS, (api) => set(part(api), { webhooks: { made: {} } })],
};

for (const [title, [kinds, outcome, change]] of Object.entries(ROWS)) {
  test(`${title} ${outcome}`, () => {
    const api = anApi();
    change(api);
    const changes = compareOpenApi(anApi(), api);
    deepStrictEqual(
      changes.map(({ kind }) => kind),
      kinds,
    );
    deepStrictEqual(
      changes.some(({ breaks }) => breaks),
      outcome === BREAKS,
    );
    ok(changes.every(({ breaks, why, remedy }) => why !== '' && breaks === (remedy !== undefined)));
  });
}
