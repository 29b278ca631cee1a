import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { KEEPS_HANDLED } from './inbox-notes.ts';

const NOTES = /^(findOrCreate|into|insert|create|save|add|set|put|push|mark|remember|record|store|upsert|persist)\w*$/i;
/** What says how such a thing looks keeps none. */
const DESCRIBES = /(ForClass|Schema|Model|Table|Repository)$/;

/** Whether anything of the part that could keep what was handled is ever filled. */
export function notesAnything(system: System, home: ParsedFile): boolean {
  const part = system.partOf(home.path);
  const isAlone = part?.kind === 'service' || part?.kind === 'gateway';
  return (isAlone ? system.closureOf(part) : system.program.files).some((file) => fillingFiles(system).has(file));
}

const fillingFiles = perSystem(
  (system: System): ReadonlySet<ParsedFile> => new Set(system.program.files.filter((file) => fillsNotes(file))),
);

const fillsNotes = (file: ParsedFile): boolean =>
  callsIn(file).some((call) => {
    const text = file.textOf(call).slice(0, 400);
    const name = pathOf(call.callee as Node).at(-1)!;
    const fills = (NOTES.test(name) && !DESCRIBES.test(name)) || /\binsert\s+(ignore\s+)?into\b/i.test(text);
    return fills && KEEPS_HANDLED.test(text);
  });
