import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeSystem } from './contracts/describe-system.ts';
import { eventFlowOf, eventFlowPage } from './diagram/event-flow-page.ts';
import { diagramOf, sagaPage } from './diagram/saga-page.ts';
import { recordedVersions, SAGA_VERSIONS } from './diagram/saga-versions.ts';
import { type FoundSaga, findSagas } from './diagram/sagas.ts';
import { optionFault, UsageError } from './settings.ts';
import { root } from './test-run.ts';

const HELP = `Usage: ashlar diagram saga NAME [--saga STYLE]
       ashlar diagram events
       ashlar diagram write

  saga NAME        a saga as a Mermaid sequence diagram
    --saga STYLE   orchestration or choreography (orchestration, if there are both)
  events           which service publishes and consumes what, as a Mermaid flowchart
  write            writes all diagrams to docs/ (the same as npm run docs)`;

/** `ashlar diagram`: pictures of what runs, made of what runs. */
export async function diagram(args: readonly string[]): Promise<number> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return 0;
  }
  const { positionals, style } = parse(args);
  const [kind = '', ...names] = positionals;
  const draw = DIAGRAMS[kind];
  if (!draw || names.length !== draw.names || (style !== undefined && kind !== 'saga'))
    throw new UsageError(['ashlar diagram draws "saga NAME" and "events"; ashlar diagram --help tells more.']);
  await draw.run(names[0] ?? '', style);
  return 0;
}

interface Drawing {
  /** How many names it takes. */
  readonly names: number;
  run(name: string, style: string | undefined): Promise<unknown>;
}

const DIAGRAMS: Readonly<Record<string, Drawing>> = {
  saga: {
    names: 1,
    run: async (name, style) => console.log(diagramOf(choose(await findSagas(), name, style)).trimEnd()),
  },
  events: { names: 0, run: async () => console.log(eventFlowOf(await describeSystem())) },
  write: { names: 0, run: write },
};

function parse(args: readonly string[]): { positionals: string[]; style: string | undefined } {
  try {
    const options = { saga: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { positionals, style: values.saga };
  } catch (error) {
    throw new UsageError([optionFault(error)]);
  }
}

function choose(sagas: readonly FoundSaga[], name: string, style: string | undefined): FoundSaga {
  const named = sagas.filter((saga) => saga.name === name);
  const names = [...new Set(sagas.map((saga) => saga.name))].join(', ');
  if (named.length === 0) throw new UsageError([`There is no saga ${name}; there is ${names}.`]);
  const chosen = style === undefined ? named[0] : named.find((saga) => saga.style === style);
  const styles = named.map((saga) => saga.style).join(' or ');
  if (!chosen) throw new UsageError([`--saga must be ${styles} for the saga ${name}.`]);
  return chosen;
}

/** The pages of `docs/` that are made, by their paths from the root of the repository. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const found = await findSagas();
  const byName = Map.groupBy(found, ({ name }) => name);
  return new Map([
    ...[...byName].map(([name, sagas]) => [`docs/sagas/${name}.md`, sagaPage(name, sagas)] as const),
    [SAGA_VERSIONS, recordedVersions(found)],
    ['docs/event-flow.md', eventFlowPage(await describeSystem())],
  ]);
}

async function write(): Promise<void> {
  for (const [path, text] of await generatedPages()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}
