import type { MessageUse } from '../facts/messages.ts';
import { writePastHandle } from '../facts/past-handles.ts';
import type { FunctionAt } from '../model/origin.ts';
import type { System } from '../model/system.ts';
import { functionsAround } from '../source/ast.ts';
import { repeatedEffect } from './repeated-effects.ts';
import type { Draft } from './rule.ts';

/** A consumer whose effect happens again when the message comes again. */
export function unsafeConsumer(system: System, use: MessageUse): Draft[] {
  const { part, file, line, handler, topic, library, raw, wrapper } = use;
  if (!handler) return [];
  const kit = raw && raw.file !== file ? functionsAround(raw.file, raw.call) : [];
  const around = raw ? kit.slice(-1).flatMap((node) => kitFunctions(system, { file: raw.file, node })) : [];
  const effect = repeatedEffect(system, handler, wrapper ? [...around, wrapper] : around);
  if (!effect) return beside(system, { part, file, line, topic, library }, handler);
  const at = effect.file.lineAt(effect.call.start);
  return [
    {
      subject: part.name,
      what: `${part.name} handles ${topic ?? `messages of ${library}`} again when they come again`,
      evidence: [
        { file: file.path, line, text: file.lines[line - 1]!.trim() },
        { file: effect.file.path, line: at, text: effect.file.lines[at - 1]!.trim() },
      ],
      mend:
        'Remember the id of each handled message in the transaction of its effect, ' +
        'or make the effect the same when repeated.',
    },
  ];
}

/** A consumer that changes something past the transaction in which its message is noted. */
function beside(
  system: System,
  use: Pick<MessageUse, 'part' | 'file' | 'line' | 'topic' | 'library'>,
  run: FunctionAt,
) {
  const { part, file, line, topic, library } = use;
  const change = writePastHandle(system, run);
  if (!change) return [];
  const at = change.file.lineAt(change.call.start);
  const what =
    `${part.name} handles ${topic ?? `messages of ${library}`} past the transaction that it is handed: ` +
    'when that is rolled back, the change stays';
  return [
    {
      subject: part.name,
      what,
      evidence: [
        { file: file.path, line, text: file.lines[line - 1]!.trim() },
        { file: change.file.path, line: at, text: change.file.lines[at - 1]!.trim() },
      ],
    },
  ];
}

/** What a kit does around a handler: its own functions, and not those that it is handed. */
function kitFunctions({ program }: System, start: FunctionAt): FunctionAt[] {
  const inner = program.callsReachedFrom(start, 4).filter(({ file }) => file === start.file);
  return [start, ...inner.flatMap((site) => program.calleesOf(site)).filter(({ file }) => file === start.file)];
}
