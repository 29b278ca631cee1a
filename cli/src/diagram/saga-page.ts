import { sagaDiagram } from '@ashlar/saga';
import type { FoundSaga } from './sagas.ts';

export const diagramOf = ({ definition, reactions }: FoundSaga): string =>
  sagaDiagram(definition, reactions && { reactions });

const WORDS = {
  orchestration: 'The saga asks each participant in turn, and is told how it went.',
  choreography:
    'The participants act upon what they hear of each other; the saga listens, and keeps deadline and pivot.',
} as const;

/** The page of one saga in `docs/sagas`, in all its styles. */
export function sagaPage(name: string, sagas: readonly FoundSaga[]): string {
  const sections = sagas.map((saga) => {
    const { style, file } = saga;
    const title = `## ${style[0]!.toUpperCase()}${style.slice(1)}`;
    const source = `${WORDS[style]}\nDefined in [\`${file.split('/').at(-1)}\`](../../${file}).`;
    return [title, source, `\`\`\`mermaid\n${diagramOf(saga)}\`\`\``, ...tableOf(saga)].join('\n\n');
  });
  const note = '<!-- Made by `npm run docs` from the definitions. Who changes one runs it again; a test compares. -->';
  return `${[note, `# The saga ${name}`, ...sections].join('\n\n')}\n`;
}

/** Who acts upon what, where nobody is asked. */
function tableOf({ reactions }: FoundSaga): string[] {
  if (!reactions) return [];
  const rows = reactions.map(({ participant, upon, action, step }) => {
    const heard = upon.map((type) => `\`${type}\``).join(' and ');
    return `| ${participant} | ${heard} | ${action === 'do' ? '' : 'undo '}${step} |`;
  });
  return [['| whenever | hears | it does |', '|---|---|---|', ...rows].join('\n')];
}
