import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { classAround, decoratorsOf, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { userOf } from './breakers.ts';
import { isUnlisted } from './nest-modules.ts';
import { isReached } from './reached.ts';
import { startersOf } from './starters.ts';
import { outboxRelays } from './stored-topics.ts';
import { lifted } from './topics.ts';
import { putsInto } from './transactions.ts';
import { isUncalled } from './uncalled.ts';

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
  ...unlistedOfLibraries(system),
  ...neverBegun(system),
]);

const EMPTIES = /(Outbox\w*(Publisher|Relay|Dispatcher|Sender|Worker)|OutboxRelay|\w*Relay)$/;
const BEGINS = /^(start|run|begin)$/;

/** An object of a class that empties an outbox once it is started, and that its maker never starts. */
const neverBegun = (system: System): AsleepRelay[] =>
  system.program.files
    .filter((file) => ['library', 'service'].includes(system.partOf(file.path)?.kind ?? ''))
    .flatMap((file) =>
      file.all('NewExpression').flatMap((message) => {
        const origin = system.program.originOf(file, message.callee as Node);
        if (origin.kind !== 'class' || !EMPTIES.test(origin.node.id?.name ?? '')) return [];
        if (!/outbox|publish/i.test(origin.file.textOf(origin.node))) return [];
        const begins = (origin.node.body.body as readonly Node[]).flatMap((one) =>
          one.type === 'MethodDefinition' ? (nameOf(one.key as Node) ?? []) : [],
        );
        const begin = begins.find((name) => BEGINS.test(name));
        const holder = file.parentOf(message);
        const name = holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined;
        const home = system.partOf(file.path)!;
        const part = userOf(system, file);
        if (begin === undefined || !/^\w+$/.test(name ?? '') || !part) return [];
        const places = [...system.filesOf(home), ...system.services.flatMap((one) => system.filesOf(one))];
        const isTaken = isBegun(places, { name: name!, begin }) || isHandedOn(system, file, { message, begin });
        return isTaken ? [] : [{ part, file, message }];
      }),
    );

const ENDS = /^(stop|close|end|dispose|destroy|shutdown|drain|on|once)$/;

/** Somebody else may start it: whom it is handed to, who imports it, or who runs it by another of its methods. */
function isHandedOn(system: System, file: ParsedFile, { message, begin }: { message: Node; begin: string }): boolean {
  const holder = file.parentOf(message);
  const id = holder?.type === 'VariableDeclarator' ? (holder.id as Node) : undefined;
  const uses = file.all('Identifier').filter((one) => one !== id && one.name === nameOf(id));
  const leaves = uses.some((use) => /^(Return|Export|Assignment)/.test(file.parentOf(use)?.type ?? ''));
  const starts = new RegExp(String.raw`\.${begin}\(`);
  const isStartedAbroad = system.program.files.some(
    (one) =>
      starts.test(one.lines.join('\n')) &&
      system.importsOf(one).some(({ target }) => target.kind === 'own' && target.path === file.path),
  );
  return (
    (leaves && isStartedAbroad) ||
    uses.some((use) => {
      const parent = file.parentOf(use);
      if (parent?.type === 'CallExpression') return (parent.arguments as readonly Node[]).includes(use);
      const isCalled =
        parent?.type === 'MemberExpression' &&
        parent.object === use &&
        file.parentOf(parent)?.type === 'CallExpression';
      return isCalled && !ENDS.test(nameOf(parent.property as Node) ?? 'on');
    })
  );
}

/** Also by another name, or as one of a list: `const { publisher: relay } = parts`, `[publisher, replica]`. */
function isBegun(places: readonly ParsedFile[], { name, begin }: { readonly name: string; readonly begin: string }) {
  return places.some(({ lines }) => {
    const text = lines.join('\n');
    const others = [
      ...text.matchAll(new RegExp(String.raw`\b${name}\s*:\s*(\w+)|(\w+)\s*=\s*(?:[\w.]+\.)?${name}\b`, 'g')),
    ].flatMap(([, renamed, held]) => renamed ?? held ?? []);
    const names = [name, ...others].join('|');
    return new RegExp(String.raw`\b(${names})\??\.${begin}\b|\[[^\]]*\b${name}\b[^\]]*\]`).test(text);
  });
}

/** A relay that a library of Nest has, and that no module lists to which a part leads which fills its outbox. */
function unlistedOfLibraries(system: System): AsleepRelay[] {
  const homes = outboxRelays(system).flatMap(({ file, call }) => {
    const home = system.partOf(file.path)?.kind === 'library' ? classAround(file, call) : undefined;
    return home && decoratorsOf(home).length > 0 ? [{ home, isIdle: isUncalled(system, { file, node: call }) }] : [];
  });
  if (homes.length === 0 || homes.length < outboxRelays(system).length) return [];
  return system.services
    .filter((part) => homes.every(({ home, isIdle }) => isIdle || isUnlisted(system, part, home)))
    .flatMap((part) =>
      messagesOf(system, part)
        .slice(0, 1)
        .map((one) => ({ part, ...one })),
    );
}

/** A relay of the part itself that no module of Nest lists, or that nothing calls. */
const unlisted = (system: System): AsleepRelay[] =>
  outboxRelays(system).flatMap(({ file, call }) => {
    const part = system.partOf(file.path);
    if (part?.kind !== 'service') return [];
    const home = classAround(file, call);
    const isOfNest = home && decoratorsOf(home).length > 0;
    const isAsleep = isOfNest
      ? isUnlisted(system, part, home) || isUncalled(system, { file, node: call })
      : !isReached(system, system.closureOf(part), { file, node: call });
    return isAsleep ? [{ part, file, message: call }] : [];
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
