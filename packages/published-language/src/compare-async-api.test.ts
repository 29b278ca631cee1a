import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type Contract, command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { asyncApi } from './async-api.ts';
import { compareAsyncApi } from './compare-async-api.ts';
import type { JsonObject } from './json.ts';
import { NoteWritten, notes, ReaderCame, WriteNote } from './notes.fixtures.ts';
import type { ServiceMessages } from './service-messages.ts';

type Row = readonly [kinds: readonly string[], outcome: 'breaks' | 'is fine', is: ServiceMessages];

const BREAKS = 'breaks';
const FINE = 'is fine';
const Colour = Type.Union([Type.Literal('red'), Type.Literal('blue')]);
const key = { key: 'noteId' } as const;

/** Notes whose event is this one. */
const saying = (...events: readonly Contract[]) => notes([...events, WriteNote]);
const asked = (...commands: readonly Contract[]) => notes([NoteWritten, ...commands]);
const written = (fields: Parameters<typeof Type.Object>[0]) =>
  event('note.NoteWritten.v1', Type.Object(fields), key as never);
const toWrite = (fields: Parameters<typeof Type.Object>[0]) =>
  command('note.WriteNote.v1', Type.Object(fields), key as never);
const noteId = Type.String();

const ROWS: Readonly<Record<string, Row>> = {
  'nothing at all': [[], FINE, notes()],
  'another version of the service': [[], FINE, { ...notes(), version: '2.0.0' }],
  'a new event': [['message added'], FINE, saying(NoteWritten, event('note.NoteBurnt.v1', Type.Object({})))],
  'the next version of an event beside this one': [
    ['message added'],
    FINE,
    saying(NoteWritten, event('note.NoteWritten.v2', Type.Object({ id: Type.String() }))),
  ],
  'the next version in place of this one': [
    ['message removed', 'message added'],
    BREAKS,
    saying(event('note.NoteWritten.v2', Type.Object({ noteId, colour: Colour }))),
  ],
  'another event in place of this one': [
    ['message removed', 'message added'],
    BREAKS,
    saying(event('note.NoteBurnt.v1', Type.Object({}))),
  ],
  'a channel that is gone': [['channel removed'], BREAKS, notes([WriteNote])],
  'a new optional field of an event': [
    ['optional field added'],
    FINE,
    saying(written({ noteId, colour: Colour, size: Type.Optional(Type.Integer()) })),
  ],
  'a new required field of an event': [
    ['required field added'],
    BREAKS,
    saying(written({ noteId, colour: Colour, size: Type.Integer() })),
  ],
  'a field of an event that is gone': [['field removed'], BREAKS, saying(written({ noteId }))],
  'a field of an event that is renamed': [
    ['field removed', 'required field added'],
    BREAKS,
    saying(written({ noteId, color: Colour })),
  ],
  'a field of an event that may be missing': [
    ['field became optional'],
    BREAKS,
    saying(written({ noteId, colour: Type.Optional(Colour) })),
  ],
  'another type of a field of an event': [
    ['type changed'],
    BREAKS,
    saying(written({ noteId, colour: Type.Integer() })),
  ],
  'one more value of an event': [
    ['widened'],
    BREAKS,
    saying(written({ noteId, colour: Type.Union([Colour, Type.Literal('green')]) })),
  ],
  'one value less of an event': [['narrowed'], BREAKS, saying(written({ noteId, colour: Type.Literal('red') }))],

  'a new optional field of a command': [
    ['optional field added'],
    FINE,
    asked(toWrite({ noteId, size: Type.Optional(Type.Integer()) })),
  ],
  'a new required field of a command': [
    ['required field added'],
    BREAKS,
    asked(toWrite({ noteId, size: Type.Integer() })),
  ],
  'a field of a command that may be missing': [
    ['field became optional'],
    FINE,
    asked(toWrite({ noteId: Type.Optional(noteId) })),
  ],
  'a bound of a command': [['narrowed'], BREAKS, asked(toWrite({ noteId: Type.String({ maxLength: 9 }) }))],
  'a command that is gone': [['channel removed'], BREAKS, notes([NoteWritten])],
  'a command that nobody acts upon': [
    ['message no longer used'],
    BREAKS,
    { ...notes(), reactions: notes().reactions.slice(1) },
  ],

  'another key': [
    ['x-key changed'],
    BREAKS,
    saying(event('note.NoteWritten.v1', NoteWritten.schema, { key: 'colour' as never })),
  ],
  'no key any more': [['x-key changed'], BREAKS, saying(event('note.NoteWritten.v1', NoteWritten.schema))],
  'what is heard of others': [
    [],
    FINE,
    { ...notes(), reactions: notes().reactions.filter(({ contract }) => contract !== ReaderCame) },
  ],
};

for (const [title, [kinds, outcome, is]] of Object.entries(ROWS)) {
  test(`${title} ${outcome}`, () => {
    const changes = compareAsyncApi(asyncApi(notes()), asyncApi(is));
    deepStrictEqual(
      changes.map(({ kind }) => kind),
      kinds,
    );
    deepStrictEqual(
      changes.some(({ breaks }) => breaks),
      outcome === BREAKS,
    );
  });
}

type Loose = { [name: string]: Loose };

/** The kinds of change when this is done to the document. */
function kindsAfter(change: (document: Loose) => void): string[] {
  const document = structuredClone(asyncApi(notes())) as JsonObject;
  change(document as Loose);
  return compareAsyncApi(asyncApi(notes()), document).map(({ kind }) => kind);
}

const message = (document: Loose) => document['components']!['messages']!['note.NoteWritten.v1']!;

test('another address of a channel is another channel', () => {
  const kinds = kindsAfter((document) =>
    Object.assign(document['channels']!['note.events']!, { address: 'note.news' }),
  );
  deepStrictEqual(kinds, ['channel removed', 'channel added']);
});

test('another schema of the data under the same type breaks', () => {
  const kinds = kindsAfter((document) =>
    Object.assign(message(document)['payload']!['properties']!['dataschema']!, { const: 'urn:other' }),
  );
  deepStrictEqual(kinds, ['narrowed', 'widened']);
});

test('another encoding breaks', () => {
  deepStrictEqual(
    kindsAfter((document) => Object.assign(message(document), { contentType: 'application/avro' })),
    ['contentType changed'],
  );
  deepStrictEqual(
    kindsAfter((document) => Object.assign(document, { defaultContentType: 'application/avro' })),
    ['not understood'],
  );
});

test('an envelope that lacks something breaks every message of the service', () => {
  const kinds = kindsAfter((document) => {
    delete document['components']!['schemas']!['Envelope']!['properties']!['sequence'];
  });
  deepStrictEqual(kinds, ['field removed', 'field removed']);
});

test('what the comparison does not know is told as breaking', () => {
  const news = { bindings: { kafka: {} } };
  for (const place of [message, (document: Loose) => document['channels']!['note.events']!]) {
    deepStrictEqual(
      kindsAfter((document) => Object.assign(place(document), news)),
      ['not understood'],
    );
  }
  deepStrictEqual(
    kindsAfter((document) => Object.assign(document, { servers: {} })),
    ['not understood'],
  );
});

test('a change names its message and its field', () => {
  const [change] = compareAsyncApi(asyncApi(notes()), asyncApi(saying(written({ noteId }))));
  ok(change?.at === 'note.NoteWritten.v1/data/colour', change?.at);
});
