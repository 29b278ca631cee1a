import type { Contract } from '@ashlar/messaging';
import type { ServiceMessages } from './service-messages.ts';

/** One message of the system: who says it, and who acts upon it. */
export interface Flow {
  readonly contract: Contract;
  readonly from: readonly string[];
  /** Consumers, by the service that each belongs to. */
  readonly to: readonly { readonly service: string; readonly consumer: string }[];
}

/** The flow of all messages, by owner and then by kind, in the order in which the contracts are written. */
export function eventFlow(services: readonly ServiceMessages[]): readonly Flow[] {
  return services.flatMap(({ service, owns }) =>
    [...owns]
      .sort((one, other) => (one.kind < other.kind ? -1 : Number(one.kind > other.kind)))
      .map((contract) => ({
        contract,
        from: contract.kind === 'event' ? [service] : sendersOf(contract, services),
        to: services.flatMap(({ service: to, reactions }) =>
          reactions
            .filter((reaction) => reaction.contract.type === contract.type)
            .map(({ consumer }) => ({ service: to, consumer })),
        ),
      })),
  );
}

const sendersOf = ({ type }: Contract, services: readonly ServiceMessages[]): string[] =>
  services.filter(({ sends }) => sends.some((sent) => sent.type === type)).map(({ service }) => service);

/** The flow as a Mermaid flowchart: events as arrows, commands as thick ones, with the names of the messages. */
export function eventFlowDiagram(flows: readonly Flow[]): string {
  const edges = flows.flatMap(({ contract, from, to }) =>
    from.flatMap((one) => [...new Set(to.map(({ service }) => service))].map((other) => ({ one, other, contract }))),
  );
  const arrows = Map.groupBy(edges, ({ one, other, contract }) => `${one} ${contract.kind} ${other}`);
  const services = new Set(flows.flatMap(({ from, to }) => [...from, ...to.map(({ service }) => service)]));
  const lines = [...arrows.values()].map((along) => {
    const { one, other, contract } = along[0]!;
    const names = along.map((edge) => nameOf(edge.contract)).join('<br/>');
    return `  ${one} ${contract.kind === 'event' ? '-->' : '==>'}|"${names}"| ${other}`;
  });
  return ['flowchart LR', ...[...services].map((name) => `  ${name}([${name}])`), ...lines].join('\n');
}

/** `OrderCreated`, or `OrderCreated v2` once there is another version. */
const nameOf = ({ type }: Contract): string => {
  const [, name, version] = type.split('.');
  return version === 'v1' ? name! : `${name} ${version}`;
};
