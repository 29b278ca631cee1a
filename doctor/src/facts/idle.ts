import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { pathOf } from '../source/ast.ts';
import { messageUses } from './messages.ts';
import { outboundCalls } from './outbound.ts';
import { routesIn } from './routes.ts';

/** What begins to serve, to work at certain times, or is nobody's library. */
const STARTS = new RegExp(
  '^(listen|serve|createServer|createMicroservice|createApplicationContext|bootstrap|main|' +
    String.raw`start\w*|run\w*|connect\w*|schedule\w*|setInterval|query|execute)$`,
);

/** Whether a part that was only guessed is a library: nobody can ask it, and it asks nobody. */
export const isIdle = (system: System, part: Part): boolean =>
  system.layout.isGuessed &&
  system.deploymentsOf(part).length === 0 &&
  system.dockerfilesOf(part).length === 0 &&
  !messageUses(system).some((use) => use.part === part) &&
  !outboundCalls(system).some((call) => call.part === part) &&
  system
    .closureOf(part)
    .every(
      (file) =>
        (routesIn(system).get(file) ?? []).length === 0 &&
        !callsIn(file).some((call) => STARTS.test(pathOf(call.callee as Node).at(-1) ?? '')),
    );
