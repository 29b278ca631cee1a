import { type TestContext, test } from 'node:test';

/** What an adapter of a port has to do, each a test with a stage of its own: by title. */
export type Rules<Stage> = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

export interface SuiteOptions<Stage> {
  /** The adapter with whatever it needs, and nobody else who is at it; ended by `t.after`. */
  readonly makeStage: (t: TestContext) => Promise<Stage>;
  /** Why the suite cannot run here. */
  readonly skip?: string | false;
}

/** The suite that every adapter of a port runs: `contractSuite(rules)('PostgreSQL', { makeStage })`. */
export const contractSuite =
  <Stage>(...rules: readonly Rules<Stage>[]) =>
  (name: string, { makeStage, skip = false }: SuiteOptions<Stage>): void => {
    for (const [title, rule] of rules.flatMap((some) => Object.entries(some)))
      test(`${name}: ${title}`, { skip }, async (t) => rule(await makeStage(t)));
  };
