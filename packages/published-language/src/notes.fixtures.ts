import { type Contract, command, event } from '@ashlar/messaging';
import Type from 'typebox';
import type { ServiceMessages } from './service-messages.ts';

export const NoteWritten = event(
  'note.NoteWritten.v1',
  Type.Object({ noteId: Type.String(), colour: Type.Union([Type.Literal('red'), Type.Literal('blue')]) }),
  { key: 'noteId' },
);
export const WriteNote = command('note.WriteNote.v1', Type.Object({ noteId: Type.String() }), { key: 'noteId' });
export const ReaderCame = event('reader.ReaderCame.v1', Type.Object({ readerId: Type.String() }));
export const GreetReader = command('reader.GreetReader.v1', Type.Object({ readerId: Type.String() }));

/** Writes notes when it is asked to, and greets who reads them. */
export const notes = (owns: readonly Contract[] = [NoteWritten, WriteNote]): ServiceMessages => ({
  service: 'note',
  version: '1.0.0',
  owns,
  sends: [GreetReader],
  reactions: [
    ...owns.filter(({ kind }) => kind === 'command').map((contract) => ({ consumer: 'note.desk', contract })),
    { consumer: 'note.readers', contract: ReaderCame },
  ],
});

/** Comes and reads. */
export const readers: ServiceMessages = {
  service: 'reader',
  version: '1.0.0',
  owns: [ReaderCame, GreetReader],
  sends: [],
  reactions: [
    { consumer: 'reader.post', contract: NoteWritten },
    { consumer: 'reader.door', contract: GreetReader },
  ],
};
