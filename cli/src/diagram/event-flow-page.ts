import type { ServiceDescription } from '@ashlar/host';
import { eventFlow, eventFlowDiagram, type Flow } from '@ashlar/published-language';

/** Who says what to whom, as a Mermaid flowchart. */
export const eventFlowOf = (services: readonly ServiceDescription[]): string => eventFlowDiagram(flowsOf(services));

const flowsOf = (services: readonly ServiceDescription[]): readonly Flow[] =>
  eventFlow(services.map(({ messages }) => messages));

const NOTE = '<!-- Made by `npm run docs` from the services. Who changes one runs it again; a test compares. -->';

const INTRODUCTION = [
  'Thin arrows are events, thick ones are commands. The contracts are in [`contracts/src`](../contracts/src), one file',
  'for each owner; the reactions are the lines `on(Contract, …)` in `interface/consumers` of each service, and the',
  'replies that sagas wait for. What is drawn are the subscriptions that run, in both styles of the checkout.',
].join('\n');

/** The page `docs/event-flow.md`. */
export function eventFlowPage(services: readonly ServiceDescription[]): string {
  const flows = flowsOf(services);
  const tables = services.flatMap(({ service }) => {
    const rows = flows.filter(({ contract }) => contract.channel.startsWith(`${service}.`)).map(rowOf);
    if (rows.length === 0) return [];
    return [`## ${service}`, ['| message | said by | key | acted upon by |', '|---|---|---|---|', ...rows].join('\n')];
  });
  const diagram = `\`\`\`mermaid\n${eventFlowDiagram(flows)}\n\`\`\``;
  return `${[NOTE, '# Who says what to whom', INTRODUCTION, diagram, ...tables].join('\n\n')}\n`;
}

function rowOf({ contract, from, to }: Flow): string {
  const readers = to.map(({ consumer }) => `\`${consumer}\``).join(', ') || 'nobody here';
  const key = contract.key ? `\`${contract.key}\`` : '';
  return `| \`${contract.type}\` (${contract.kind}) | ${from.join(', ')} | ${key} | ${readers} |`;
}
