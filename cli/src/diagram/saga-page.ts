import { sagaDiagram } from '@ashlar/saga';
import type { FoundSaga } from './sagas.ts';

export const diagramOf = ({ definition, reactions }: FoundSaga): string =>
  sagaDiagram(definition, reactions && { reactions });

const WORDS = {
  orchestration: 'The saga sends each participant a command in turn, and waits for its reply.',
  choreography:
    "The participants react to each other's events; the saga listens, and keeps the deadline and the pivot.",
} as const;

/** The page of one saga in `docs/sagas`, in all its styles. */
export function sagaPage(name: string, sagas: readonly FoundSaga[]): string {
  const sections = sagas.map((saga) => {
    const { style, file } = saga;
    const title = `## ${style[0]!.toUpperCase()}${style.slice(1)}`;
    const source = `${WORDS[style]}\nDefined in [\`${file.split('/').at(-1)}\`](../../${file}).`;
    return [title, source, `\`\`\`mermaid\n${diagramOf(saga)}\`\`\``, ...tableOf(saga)].join('\n\n');
  });
  const note = '<!-- Generated from the definitions by `npm run docs`; a test fails when it is out of date. -->';
  return `${[note, `# The saga ${name}`, ...sections].join('\n\n')}\n`;
}

/** Who reacts to what, in a choreography. */
function tableOf({ reactions }: FoundSaga): string[] {
  if (!reactions) return [];
  const rows = reactions.map(({ participant, upon, action, step }) => {
    const heard = upon.map((type) => `\`${type}\``).join(' and ');
    return `| ${participant} | ${heard} | ${action === 'do' ? '' : 'undo '}${step} |`;
  });
  return [['| participant | on receiving | does |', '|---|---|---|', ...rows].join('\n')];
}
