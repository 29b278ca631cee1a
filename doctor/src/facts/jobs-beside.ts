import type { Node } from 'oxc-parser';
import type { CallSite } from '../model/program.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite } from './effects.ts';

/** A job that is enqueued after the transaction of the change that it belongs to. */
export interface JobBeside {
  readonly file: ParsedFile;
  readonly job: AnyCall;
  readonly change: AnyCall;
}

const TRANSACTION = /^\$?(with_?|in_?|run_?in_?)?transaction$|^atomic$|^transactional$/i;
const ENQUEUES = /^(enqueue\w*|addJob)$/i;
const PUTS = /^(add|send|push|insert)$/;
const QUEUE = /(queue|jobs|boss)$/i;
const CHANGES = /^(save|insert|update|store|append)$/;

/** Of the services, where a function begins the transaction itself. */
export const jobsBeside = perSystem((system: System): readonly JobBeside[] =>
  system.services.flatMap((part) => system.filesOf(part).flatMap((file) => besideIn(system, file))),
);

function besideIn(system: System, file: ParsedFile): JobBeside[] {
  const calls = callsIn(file);
  return calls
    .filter((call) => TRANSACTION.test(pathOf(call.callee as Node).at(-1)!))
    .flatMap((change) => {
      const [around] = functionsAround(file, change);
      const run = (change.arguments as readonly Node[]).find(isFunction);
      if (!around || !run || !changesIn(system, { file, run })) return [];
      const job = calls.find(
        (call) =>
          call.start > change.end && functionsAround(file, call)[0] === around && enqueues(system, { file, call }),
      );
      return job ? [{ file, job, change }] : [];
    });
}

const changesIn = (system: System, { file, run }: { file: ParsedFile; run: Node }): boolean =>
  callsIn(file).some(
    (call) =>
      contains(run, call) && (isWrite(system, { file, call }) || CHANGES.test(pathOf(call.callee as Node).at(-1)!)),
  );

/** By itself, or by what it calls. */
const enqueues = (system: System, site: CallSite): boolean =>
  [site, ...system.program.calleesOf(site).flatMap((callee) => system.program.callsReachedFrom(callee, 2))].some(
    ({ call }) => {
      const path = pathOf(call.callee as Node);
      const name = path.at(-1)!;
      return path.length > 1 && (ENQUEUES.test(name) || (PUTS.test(name) && QUEUE.test(path.at(-2)!)));
    },
  );
