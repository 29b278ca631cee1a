import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { classAround, decoratorsOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isUnlisted } from './nest-modules.ts';
import { startersOf } from './starters.ts';
import { outboxRelays } from './stored-topics.ts';
import { lifted } from './topics.ts';
import { putsInto } from './transactions.ts';

/** A part that fills an outbox which nothing of it empties, though others of the system show how it is done. */
export interface AsleepRelay {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly message: Node;
}

/** Where the relay is a function that each part has to start, and one of them does not. */
export const asleepRelays = perSystem((system: System): readonly AsleepRelay[] => [
  ...neverStarted(system),
  ...unlisted(system),
]);

/** A relay of the part itself that no module of Nest lists. */
const unlisted = (system: System): AsleepRelay[] =>
  outboxRelays(system).flatMap(({ file, call }) => {
    const part = system.partOf(file.path);
    const home = part?.kind === 'service' ? classAround(file, call) : undefined;
    const isOfNest = home && decoratorsOf(home).length > 0;
    return part && isOfNest && isUnlisted(system, part, home) ? [{ part, file, message: call }] : [];
  });

function neverStarted(system: System): AsleepRelay[] {
  const relays = outboxRelays(system).filter(({ file }) => system.partOf(file.path)?.kind === 'library');
  if (relays.length === 0 || relays.length < outboxRelays(system).length) return [];
  const starters = new Set(relays.flatMap((relay) => [...startersOf(system, relay)]));
  const fillers = system.services.flatMap((part) =>
    messagesOf(system, part)
      .slice(0, 1)
      .map((one) => ({ part, ...one })),
  );
  // A process of its own may empty the outboxes of all.
  if (!fillers.some(({ part }) => starters.has(part))) return [];
  return fillers.filter(({ part }) => !starters.has(part));
}

/** What a part puts into its outbox, itself or by a function of a library. */
const messagesOf = (system: System, part: Part): { readonly file: ParsedFile; readonly message: Node }[] =>
  system.closureOf(part).flatMap((file) =>
    callsIn(file)
      .filter((call) => putsInto(system, file).includes(call))
      .flatMap((call) => lifted(system, { file, call, topic: undefined }))
      .filter((one) => system.partOf(one.file.path) === part)
      .map((one) => ({ file: one.file, message: one.call })),
  );
