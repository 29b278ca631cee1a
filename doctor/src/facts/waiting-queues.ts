import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { pathOf } from '../source/ast.ts';

const HANDED_ON = /dead-?letter-?(exchange|routing-?key)/i;
const FOR_A_TIME = /message-?ttl/i;
/** Where messages end that nobody could handle: who sends to it has nobody wait. */
const AT_AN_END = /dead-?letter-?(exchange|routing-?key)['"]?\s*:\s*['"`][\w.-]*(dlq|dlx|dead|fail|park|poison)/i;

/** Queues of RabbitMQ that nobody reads: messages wait there, and are handed on to another when their time is over. */
export const waitingQueues = perSystem(
  (system: System): ReadonlySet<string> =>
    new Set(
      system.program.files.flatMap((file) =>
        callsIn(file).flatMap((call) => {
          const [name, options] = call.arguments as readonly Node[];
          if (!name || !options || pathOf(call.callee as Node).at(-1) !== 'assertQueue') return [];
          const settings = valueNode(system.program, file, options) ?? { file, node: options };
          const text = settings.file.textOf(settings.node);
          const isWaiting = HANDED_ON.test(text) && FOR_A_TIME.test(text) && !AT_AN_END.test(text);
          return isWaiting ? [textOf(system.program, file, name)] : [];
        }),
      ),
    ),
);
