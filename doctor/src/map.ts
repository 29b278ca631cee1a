import { messageContracts } from './facts/contracts.ts';
import { databaseSettings } from './facts/databases.ts';
import { messageUses } from './facts/messages.ts';
import { outboundCalls } from './facts/outbound.ts';
import { storedTopics } from './facts/stored-topics.ts';
import { topicMatches } from './facts/topic-patterns.ts';
import { isCalled, normalized } from './model/layout.ts';
import type { System } from './model/system.ts';
import type { Model } from './model.ts';
import { groupBy } from './source/group-by.ts';
import { isGatewayName } from './traces/service-names.ts';

export interface MapNode {
  readonly id: string;
  readonly kind: 'service' | 'gateway' | 'database' | 'outside';
}

/** Who waits for whom (`calls`), who tells whom (`messages`), and who keeps what where (`stores`). */
export interface MapEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'calls' | 'messages' | 'stores';
  readonly count: number;
}

/** The system as a graph. */
export interface ServiceMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

export function serviceMap({ system, traces }: Model): ServiceMap {
  const nameOf = (name: string): string =>
    [...(system?.services ?? []), ...(system?.gateways ?? [])].find((part) => isCalled(part, name))?.name ?? name;
  const seen = (traces?.pairs ?? []).map(({ from, to, isSynchronous }) => ({
    from: nameOf(from),
    to: nameOf(to),
    kind: isSynchronous ? ('calls' as const) : ('messages' as const),
  }));
  const known = (traces?.services ?? []).map((name) => ({
    id: nameOf(name),
    kind: isGatewayName(name) ? ('gateway' as const) : ('service' as const),
  }));
  const coded = system ? codeNodes(system) : [];
  return mapOf([...known, ...coded], [...(system ? codeEdges(system) : []), ...seen]);
}

function mapOf(nodes: readonly MapNode[], edges: readonly Omit<MapEdge, 'count'>[]): ServiceMap {
  const counted = groupBy(edges, ({ from, to, kind }) => `${from}\0${to}\0${kind}`);
  const all = [...counted.values()].map((same) => ({ ...same[0]!, count: same.length }));
  return { nodes: [...new Map(nodes.map((node) => [node.id, node])).values()], edges: all };
}

const codeNodes = (system: System): MapNode[] => [
  ...system.services.map(({ name }) => ({ id: name, kind: 'service' as const })),
  ...system.gateways.map(({ name }) => ({ id: name, kind: 'gateway' as const })),
  ...databaseSettings(system).map(({ database }) => ({ id: `db ${database}`, kind: 'database' as const })),
];

function codeEdges(system: System): Omit<MapEdge, 'count'>[] {
  const calls = outboundCalls(system).flatMap(({ part, target }) =>
    target ? [{ from: part.name, to: target.name, kind: 'calls' as const }] : [],
  );
  const stores = databaseSettings(system).map(({ part, database }) => ({
    from: part.name,
    to: `db ${database}`,
    kind: 'stores' as const,
  }));
  return [...calls, ...topicEdges(system), ...contractEdges(system), ...routedEdges(system), ...stores];
}

/** Messages that are published here, or put into an outbox that something empties, and those who hear them. */
function topicEdges(system: System): Omit<MapEdge, 'count'>[] {
  const uses = messageUses(system);
  const heard = uses.filter(({ kind, topic }) => kind === 'consumed' && topic !== undefined);
  return [...uses.filter(({ kind }) => kind === 'published'), ...storedTopics(system)].flatMap(({ part, topic }) =>
    heard
      .filter((one) => topic !== undefined && one.part !== part && topicMatches(one.topic!, topic))
      .map((one) => ({ from: part.name, to: one.part.name, kind: 'messages' as const })),
  );
}

function contractEdges(system: System): Omit<MapEdge, 'count'>[] {
  return messageContracts(system).flatMap(({ type, kind, uses }) => {
    const owner = system.services.find(({ aliases }) => aliases.includes(normalized(type.split('.')[0]!)));
    const others = [...new Set(uses.map(({ part }) => part))].filter((part) => part !== owner);
    if (!owner) return [];
    return others.map(({ name }) => {
      const [from, to] = kind === 'event' ? [owner.name, name] : [name, owner.name];
      return { from, to, kind: 'messages' as const };
    });
  });
}

/** A gateway asks the services whose routes it hands on. */
const routedEdges = (system: System): Omit<MapEdge, 'count'>[] =>
  system.gateways.flatMap((gateway) =>
    system.services
      .filter(({ aliases }) =>
        system
          .filesOf(gateway)
          .some((file) =>
            file.all('Property').some(({ key }) => aliases.includes(normalized((key as { name?: string }).name ?? ''))),
          ),
      )
      .map(({ name }) => ({ from: gateway.name, to: name, kind: 'calls' as const })),
  );
