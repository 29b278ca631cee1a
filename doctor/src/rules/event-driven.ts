import type { Node } from 'oxc-parser';
import { type MessageContract, messageContracts } from '../facts/contracts.ts';
import { writesOf } from '../facts/effects.ts';
import { unheardTypes } from '../facts/message-types.ts';
import { type MessageUse, messageUses } from '../facts/messages.ts';
import { isDeaf } from '../facts/nest-consumers.ts';
import { outboundCalls } from '../facts/outbound.ts';
import { outboxes } from '../facts/outbox-names.ts';
import { isReached } from '../facts/reached.ts';
import { startersOf } from '../facts/starters.ts';
import { isBoundQueue, outboxRelays, readsUnboundQueue, storedTopics } from '../facts/stored-topics.ts';
import { topicMatches } from '../facts/topic-patterns.ts';
import { isUndone, type Tried, triedBefore } from '../facts/undone-changes.ts';
import { readParts } from '../facts/unread.ts';
import { waitingQueues } from '../facts/waiting-queues.ts';
import { normalized } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import { perSystem, type System, type Unknown } from '../model/system.ts';
import type { Model } from '../model.ts';
import { functionsAround } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isGatewayName, isStorageName } from '../traces/service-names.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import { lostMessages } from './lost-messages.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { inTrace, seenInTraces } from './trace-evidence.ts';
import { unsafeConsumer } from './unsafe-consumers.ts';

/**
 * Facts travel as messages: somebody hears them, they are published together with the change they tell of, and they may
 * come twice.
 */
export const eventDriven: Rule = {
  id: 'event-driven',
  title: 'Facts travel as messages, once and for all',
  items: ['event-driven'],
  severity: 'error',
  why:
    'A message that is sent beside the database commit gets lost, or tells ' +
    'what never happened; one that comes twice must do nothing twice.',
  mend:
    'Write messages into an outbox in the transaction of the change; remember ' +
    'handled messages in the transaction of their effect.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model)),
};

function judge(system: System): Judgement {
  const all = messageUses(system);
  const uses = all.filter((use) => use.kind === 'published' || isWired(system, use));
  const contracts = messageContracts(system);
  const parts = new Set([
    ...uses.map(({ part }) => part.name),
    ...contracts.flatMap((contract) => contract.uses.map(({ part }) => part.name)),
  ]);
  return {
    findings: [
      ...unheard(system, uses),
      ...unheardContracts(system, contracts),
      ...idle([
        ...all.filter((use) => !uses.includes(use)),
        ...contracts.flatMap((one) => one.uses.filter(({ kind }) => kind === 'idle')),
      ]),
      ...oncePerChange(uses.filter(({ kind }) => kind === 'published').flatMap((use) => dualWrite(system, use))),
      ...uses.filter(({ kind }) => kind === 'consumed').flatMap((use) => unsafeConsumer(system, use)),
      ...lostMessages(system),
      ...onlySynchronous(system, parts.size > 0),
    ],
    judged: [...parts],
    unknown: [...openTopics(system, uses), ...readParts(system).unknown],
  };
}

/** A consumer in a function that is called by nobody, or in a class of which Nest does not know or hear. */
const isWired = (system: System, use: MessageUse): boolean =>
  isReached(system, system.closureOf(use.part), use) && !isDeaf(system, use) && isStarted(system, use);

/** What a kit keeps for a part is heard once that part has started to listen, as others of the system have. */
function isStarted(system: System, { isRegistered, raw, part }: MessageUse): boolean {
  if (!isRegistered || !raw) return true;
  const starters = startersOf(system, raw);
  return starters.size === 0 || starters.has(part);
}

function idle(uses: readonly Pick<MessageUse, 'part' | 'file' | 'line'>[]): Draft[] {
  const byFile = groupBy(uses, ({ file }) => file);
  return [...byFile.values()].map((same) => {
    const [{ part, file }] = same as [(typeof same)[number]];
    return {
      subject: part.name,
      what: `${part.name} has reactions to messages that nothing calls: it hears none of these`,
      evidence: same.slice(0, 3).map(({ line }) => ({ file: file.path, line, text: file.lines[line - 1]!.trim() })),
      mend: 'Hand them to what subscribes, or remove them.',
    };
  });
}

const openTopics = (system: System, uses: readonly MessageUse[]): Unknown[] =>
  uses
    .filter((use) => use.topic === undefined && !isOfOutbox(system, use))
    .map(({ part, file, line, kind }) => ({
      subject: part.name,
      why: `What is ${kind} at ${file.path}:${line} is only known when it runs.`,
    }));

/** What a relay sends is known where it is put into the outbox. */
const isOfOutbox = (system: System, { kind, part, raw, node }: MessageUse): boolean =>
  kind === 'published' &&
  outboxRelays(system).some(({ call }) => call === raw?.call || call === node) &&
  storedTopics(system).some((one) => one.part === part && one.topic !== undefined);

/** A topic that is published, and that nobody in this repository hears. */
function unheard(system: System, uses: readonly MessageUse[]): Draft[] {
  const consumed = uses.filter(({ kind }) => kind === 'consumed');
  const heard = consumed.filter((one) => !isBoundQueue(one, consumed));
  const isOpen = heard.some(({ topic }) => topic === undefined);
  const external = system.architecture?.externalMessages ?? [];
  const elsewhere = new Set([...external, ...waitingQueues(system)]);
  const isRelayed = heard.length > 0 && !readsUnboundQueue(consumed);
  const published = [
    ...uses.filter(({ kind }) => kind === 'published'),
    ...(isRelayed ? storedTopics(system) : []),
  ].filter(({ topic }) => topic !== undefined);
  const lost = (isOpen ? [] : published).filter(
    ({ topic }) => !heard.some((one) => topicMatches(one.topic!, topic!)) && !elsewhere.has(topic!),
  );
  const types = unheardTypes(system).filter(({ topic }) => !external.includes(topic!));
  const byTopic = groupBy([...lost, ...types], ({ topic }) => topic!);
  return [...byTopic].map(([topic, same]) => ({
    subject: same[0]!.part.name,
    what: `${same[0]!.part.name} publishes ${topic}, and nobody hears it`,
    evidence: same.map(({ file, line }) => ({ file: file.path, line, text: file.lines[line - 1]!.trim() })),
    mend: 'Let somebody react to it, stop publishing it, or name it in externalMessages of architecture.json.',
  }));
}

function unheardContracts(system: System, contracts: readonly MessageContract[]): Draft[] {
  const external = system.architecture?.externalMessages ?? [];
  return contracts.flatMap(({ file, line, kind, type, uses }) => {
    const owner = system.services.find(({ aliases }) => aliases.includes(normalized(type.split('.')[0]!)));
    const publishers = uses.filter(
      ({ part, kind: how }) => (kind === 'event' ? part === owner : part !== owner) && how === 'used',
    );
    const hearers = uses.filter(({ part, kind: how }) =>
      kind === 'event'
        ? how !== 'idle' && (part !== owner || how === 'consumed')
        : part === owner && how === 'consumed',
    );
    if (publishers.length === 0 || hearers.length > 0 || external.includes(type)) return [];
    const what = `${type} is published by ${publishers[0]!.part.name}, and nobody hears it`;
    const evidence = [
      { file: file.path, line, text: type },
      { file: publishers[0]!.file.path, line: publishers[0]!.line, text: 'published here' },
    ];
    return [{ subject: publishers[0]!.part.name, what, evidence }];
  });
}

/** What is an outbox, or its relay, by its name. */
const ofOutbox = perSystem(
  (system: System) => new RegExp(`relay|transactional_?messag|${outboxes(system).join('|')}`, 'i'),
);

/** A function that changes the database and publishes as well, with nothing that makes both happen or neither. */
function dualWrite(system: System, { part, file, node, line, raw, topic }: MessageUse): Draft[] {
  const site = { file, call: node as CallSite['call'] };
  // What others say by a function of the relay's file is no message of the outbox.
  const isSaidByOthers = raw !== undefined && raw.file !== file && topic !== undefined;
  if (isOutbox(system, site) || (raw && isOutbox(system, raw, { byPath: !isSaidByOthers }))) return [];
  const write = functionsOver(system, site)
    .filter(({ at }) => !ofOutbox(system).test(at.file.path))
    .flatMap(({ at, tried }) => writesOf(system, at).filter((one) => !tried.some((attempt) => isUndone(one, attempt))))
    .at(0);
  if (!write) return [];
  const what =
    `${part.name} changes its database and publishes ${topic ?? 'a message'} ` +
    `in two steps: a crash between them loses one`;
  return [
    {
      subject: part.name,
      what,
      evidence: [
        { file: file.path, line, text: file.lines[line - 1]!.trim() },
        {
          file: write.file.path,
          line: write.file.lineAt(write.call.start),
          text: write.file.lines[write.file.lineAt(write.call.start) - 1]!.trim(),
        },
      ],
    },
  ];
}

/** One message beside one change, however many places say it. */
const oncePerChange = (drafts: readonly Draft[]): Draft[] =>
  [...groupBy(drafts, ({ what, evidence }) => `${what}\0${JSON.stringify(evidence.at(-1))}`).values()].map((same) => ({
    ...same[0]!,
    evidence: [...same.map(({ evidence }) => evidence[0]!), same[0]!.evidence.at(-1)!],
  }));

/** The outbox's own relay publishes what is written already. */
function isOutbox(system: System, { file, call }: CallSite, { byPath = true } = {}): boolean {
  if (byPath && ofOutbox(system).test(file.path)) return true;
  const all = functionsAround(file, call);
  // What a kit is made by has its relay beside what it publishes otherwise.
  const at = all.findIndex((around) => system.program.callersOf(around).length > 0);
  return (at < 0 ? all : all.slice(0, at + 1)).some((around) => {
    const text = `${keyOf(file, around)}${file.textOf(around)}`;
    return ofOutbox(system).test(text) && !filling(system).test(text);
  });
}

/** The name of a method, which is no part of its function. */
function keyOf(file: ParsedFile, around: Node): string {
  const holder = file.parentOf(around);
  const isMember = holder?.type === 'Property' || holder?.type === 'MethodDefinition';
  return isMember ? file.textOf(holder.key as Node) : '';
}

/** Who puts a message into the outbox is no relay of it. */
const filling = perSystem((system: System): RegExp => {
  const names = `(?:${outboxes(system).join('|')})`;
  return new RegExp(
    String.raw`${names}\w*['"]?\)?\.(create|insert|save|add|append)\w*\(|` +
      String.raw`(create|insert|save|persist|add)\w*\(\s*[[{]?\s*\w*${names}|` +
      String.raw`\b(add|put|save|write|insert|append|store|push)\w*${names}\w*\(|insert\s+into\s+\S*${names}`,
    'i',
  );
});

/** The functions around a place, and those that call them, up to three above. */
function functionsOver(system: System, site: CallSite): { at: FunctionAt; tried: readonly Tried[] }[] {
  const found: { at: FunctionAt; tried: readonly Tried[] }[] = [];
  let level: readonly { site: CallSite; before: readonly Tried[] }[] = [{ site, before: [] }];
  for (let step = 0; step < 3; step++) {
    const around = level.flatMap(({ site: { file, call }, before }) => {
      const tried = [...before, ...triedBefore({ file, call })];
      return functionsAround(file, call).map((node) => ({ at: { file, node }, tried }));
    });
    found.push(...around);
    level = around.flatMap(({ at, tried }) =>
      system.program.callersOf(at.node).map((caller) => ({ site: caller, before: tried })),
    );
  }
  return found;
}

/** Several services that only ask each other, and tell each other nothing. */
function onlySynchronous(system: System, hasMessages: boolean): Draft[] {
  const edges = outboundCalls(system).filter(
    ({ part, target }) => target?.kind === 'service' && part.kind === 'service',
  );
  if (hasMessages || edges.length === 0) return [];
  const pairs = new Set(edges.map(({ part, target }) => `${part.name} → ${target!.name}`));
  const evidence = edges
    .slice(0, 5)
    .map(({ file, line, part, target }) => ({ file: file.path, line, text: `${part.name} → ${target!.name}` }));
  const what = `The services only call each other (${[...pairs].join(', ')}); no fact travels as a message`;
  return [{ subject: 'the system', what, evidence, severity: 'warning' as const }];
}

const seen = (model: Model): Judgement => seenInTraces(model, ({ services }) => services, silentSystem);

/** Several services that call each other, and among which no message travels. */
function silentSystem({ pairs }: TraceFacts): Draft[] {
  const isService = (name: string): boolean => !isGatewayName(name) && !isStorageName(name);
  const between = pairs.filter(({ from, to }) => isService(from) && isService(to));
  const waiting = between.filter(({ isSynchronous }) => isSynchronous);
  if (waiting.length < 3 || waiting.length < between.length) return [];
  const what = `All ${waiting.length} edges between services are synchronous; no message travels`;
  const evidence = waiting.slice(0, 3).map(({ example }) => inTrace(example));
  return [{ subject: 'the system', what, evidence, severity: 'warning' as const }];
}
