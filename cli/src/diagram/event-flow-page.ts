import type { ServiceDescription } from '@ashlar/host';
import { eventFlow, eventFlowDiagram, type Flow } from '@ashlar/published-language';

/** Who publishes and consumes what, as a Mermaid flowchart. */
export const eventFlowOf = (services: readonly ServiceDescription[]): string => eventFlowDiagram(flowsOf(services));

const flowsOf = (services: readonly ServiceDescription[]): readonly Flow[] =>
  eventFlow(services.map(({ messages }) => messages));

const NOTE = '<!-- Generated from the services by `npm run docs`; a test fails when it is out of date. -->';

const INTRODUCTION = [
  'Thin arrows are events, thick ones are commands. The contracts are in [`contracts/src`](../contracts/src), one file',
  'per owner; the reactions are the lines `on(Contract, …)` in `interface/consumers` of each service, and the replies',
  'that sagas wait for. The diagram shows the actual subscriptions, for both styles of the checkout.',
].join('\n');

/** The page `docs/event-flow.md`. */
export function eventFlowPage(services: readonly ServiceDescription[]): string {
  const flows = flowsOf(services);
  const tables = services.flatMap(({ service }) => {
    const rows = flows.filter(({ contract }) => contract.channel.startsWith(`${service}.`)).map(rowOf);
    if (rows.length === 0) return [];
    return [
      `## ${service}`,
      ['| message | published by | key | consumed by |', '|---|---|---|---|', ...rows].join('\n'),
    ];
  });
  const diagram = `\`\`\`mermaid\n${eventFlowDiagram(flows)}\n\`\`\``;
  return `${[NOTE, '# Event flow: who publishes and consumes what', INTRODUCTION, diagram, ...tables].join('\n\n')}\n`;
}

function rowOf({ contract, from, to }: Flow): string {
  const readers = to.map(({ consumer }) => `\`${consumer}\``).join(', ') || 'nobody here';
  const key = contract.key ? `\`${contract.key}\`` : '';
  return `| \`${contract.type}\` (${contract.kind}) | ${from.join(', ')} | ${key} | ${readers} |`;
}
