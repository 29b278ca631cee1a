import { type AsleepRelay, asleepRelays } from '../facts/asleep-relays.ts';
import { userOf } from '../facts/breakers.ts';
import { deferredMessages } from '../facts/deferred-messages.ts';
import { type EarlyAck, earlyAcks } from '../facts/early-acks.ts';
import { type EarlyMark, earlyMarks } from '../facts/early-marks.ts';
import { type TornInbox, tornInboxes } from '../facts/inbox-notes.ts';
import { type JobBeside, jobsBeside } from '../facts/jobs-beside.ts';
import { type TornUseCase, tornUseCases } from '../facts/torn-use-cases.ts';
import { type TornOutbox, tornOutboxes } from '../facts/transactions.ts';
import { type UnawaitedWork, unawaitedWork } from '../facts/unawaited-work.ts';
import type { System } from '../model/system.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

/** Messages and jobs that a crash loses, beside the transaction of their change, and those that nobody ever sends. */
export const lostMessages = (system: System): Draft[] => [
  ...[...tornOutboxes(system), ...notTwice(system)].map((one) => torn(system, one)),
  ...asleepRelays(system).map(neverEmptied),
  ...tornInboxes(system).map((one) => notedApart(system, one)),
  ...jobsBeside(system).map((one) => lateJob(system, one)),
  ...earlyAcks(system).map((one) => acknowledged(system, one)),
  ...unawaitedWork(system).map((one) => unawaited(system, one)),
  ...tornUseCases(system).map((one) => halfDone(system, one)),
  ...earlyMarks(system).map((one) => markedEarly(system, one)),
];

/** Those that are put off, where nothing is told of the same message already. */
const notTwice = (system: System): TornOutbox[] =>
  deferredMessages(system).filter(({ message }) => !tornOutboxes(system).some((one) => one.message === message));

function torn(system: System, { file, message, change }: TornOutbox): Draft {
  const part = userOf(system, file) ?? system.partOf(file.path)!;
  const what = `${part.name} fills its outbox outside of the transaction of the change: a crash between them loses one`;
  return { subject: part.name, what, evidence: [placeIn(file, message), placeIn(file, change)] };
}

function neverEmptied({ part, file, message }: AsleepRelay): Draft {
  const what = `${part.name} fills an outbox that nothing empties: its relay is never started`;
  return {
    subject: part.name,
    what,
    evidence: [placeIn(file, message)],
    mend: 'Start the relay, as other services do.',
  };
}

function notedApart(system: System, { file, note, transaction }: TornInbox): Draft {
  const part = userOf(system, file) ?? system.partOf(file.path)!;
  const what =
    `${part.name} notes a message as handled outside of the transaction of its effect: ` +
    'a crash between them loses it';
  return { subject: part.name, what, evidence: [placeIn(file, note), placeIn(file, transaction)] };
}

function acknowledged(system: System, { file, ack, work }: EarlyAck): Draft {
  const part = userOf(system, file) ?? system.partOf(file.path)!;
  const what = `${part.name} acknowledges a message before its work is done: a crash between them loses it`;
  const mend = 'Acknowledge it once the transaction of its effect is committed.';
  return { subject: part.name, what, evidence: [placeIn(file, ack), placeIn(file, work)], mend };
}

function markedEarly(system: System, { file, mark, relay }: EarlyMark): Draft {
  const part = userOf(system, file) ?? system.partOf(file.path)!;
  const what = `The outbox of ${part.name} has a message for sent before it is: a crash between them loses it`;
  const mend = 'Mark it once the broker has it, or in one transaction around both; it may then be sent twice.';
  return { subject: part.name, what, evidence: [placeIn(file, mark), placeIn(relay.file, relay.call)], mend };
}

function halfDone(system: System, { file, told, other }: TornUseCase): Draft {
  const part = system.partOf(file.path)!;
  const what = `${part.name} changes two things in two transactions, and tells others of one: the other may be missing`;
  const mend = 'Hold both together in the transaction of the use case.';
  return { subject: part.name, what, evidence: [placeIn(file, told), placeIn(file, other)], mend };
}

function lateJob(system: System, { file, job, change }: JobBeside): Draft {
  const part = system.partOf(file.path)!;
  const what = `${part.name} enqueues a job after the transaction of the change: a crash between them loses it`;
  return { subject: part.name, what, evidence: [placeIn(file, job), placeIn(file, change)] };
}

function unawaited(system: System, { file, node }: UnawaitedWork): Draft {
  const part = userOf(system, file) ?? system.partOf(file.path)!;
  const what = `${part.name} does not wait until a message is handled: a crash, or an error, loses it`;
  return { subject: part.name, what, evidence: [placeIn(file, node)], mend: 'Await the work in the handler.' };
}

function placeIn(file: ParsedFile, { start }: { readonly start: number }) {
  const line = file.lineAt(start);
  return { file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) };
}
