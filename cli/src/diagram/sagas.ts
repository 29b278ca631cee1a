import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Reaction, SagaDefinition } from '@ashlar/saga';
import { root } from '../test-run.ts';
import { checkoutTable } from './checkout-table.ts';

/** A definition in one of the `*.saga.ts` of this repository. */
export interface FoundSaga {
  readonly name: string;
  readonly style: 'orchestration' | 'choreography';
  /** Its source, from the root of the repository. */
  readonly file: string;
  readonly definition: SagaDefinition<never>;
  /** Who acts upon what, where it is a choreography whose participants are known here. */
  readonly reactions?: readonly Reaction[];
}

const TABLES: Readonly<Record<string, (orchestration: SagaDefinition<never>) => Promise<Reaction[]>>> = {
  checkout: checkoutTable,
};

/** The files that define sagas, from the root of the repository. */
export const sagaFiles = (): string[] =>
  globSync('{packages,services}/*/src/**/*.saga.ts', { cwd: root, exclude: ['**/node_modules/**'] }).sort();

/** All sagas of the repository, as it was built last, orchestrations first. */
export async function findSagas(): Promise<readonly FoundSaga[]> {
  const found = (await Promise.all(sagaFiles().map((file) => sagasIn(file)))).flat();
  const orchestrations = found.filter(({ style }) => style === 'orchestration');
  const choreographies = found.filter(({ style }) => style === 'choreography');
  const withTables = choreographies.map(async (saga) => {
    const twin = orchestrations.find(({ name }) => name === saga.name);
    const table = TABLES[saga.name];
    return twin && table ? { ...saga, reactions: await table(twin.definition) } : saga;
  });
  return [...orchestrations, ...(await Promise.all(withTables))];
}

async function sagasIn(file: string): Promise<FoundSaga[]> {
  const compiled = join(root, file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));
  if (!existsSync(compiled)) throw new Error(`${file} has not been built.`);
  const module = (await import(pathToFileURL(compiled).href)) as Readonly<Record<string, unknown>>;
  return Object.values(module)
    .filter((value) => isSaga(value))
    .map((definition) => ({
      name: definition.name,
      style: definition.announce ? 'choreography' : 'orchestration',
      file,
      definition,
    }));
}

const isSaga = (value: unknown): value is SagaDefinition<never> =>
  typeof value === 'object' && value !== null && 'version' in value && 'compensatable' in value;
