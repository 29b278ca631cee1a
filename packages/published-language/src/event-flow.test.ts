import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { event } from '@ashlar/messaging';
import Type from 'typebox';
import { eventFlow, eventFlowDiagram } from './event-flow.ts';
import { notes, readers } from './notes.fixtures.ts';

test('an event goes from its owner to its readers, a command from its senders to its owner', () => {
  const flows = eventFlow([notes(), readers]).map(({ contract, from, to }) => [
    contract.type,
    from,
    to.map(({ consumer }) => consumer),
  ]);
  deepStrictEqual(flows, [
    ['note.WriteNote.v1', [], ['note.desk']],
    ['note.NoteWritten.v1', ['note'], ['reader.post']],
    ['reader.GreetReader.v1', ['note'], ['reader.door']],
    ['reader.ReaderCame.v1', ['reader'], ['note.readers']],
  ]);
});

test('the diagram has an arrow for each pair of services and kind, with the names along it', () => {
  strictEqual(
    eventFlowDiagram(eventFlow([notes(), readers])),
    [
      'flowchart LR',
      '  note([note])',
      '  reader([reader])',
      '  note -->|"NoteWritten"| reader',
      '  note ==>|"GreetReader"| reader',
      '  reader -->|"ReaderCame"| note',
    ].join('\n'),
  );
});

test('a version is named once it is not the first', () => {
  const second = event('note.NoteWritten.v2', Type.Object({}));
  const heard = { ...readers, reactions: [{ consumer: 'reader.post', contract: second }] };
  strictEqual(eventFlowDiagram(eventFlow([notes([second]), heard])).includes('|"NoteWritten v2"|'), true);
});
