import type { Database } from '@ashlar/postgres';

/** A read model as its service declares it. */
export interface ReadModelDefinition {
  /** Names its checkpoint; by convention `<service>.<model>`. 48 characters at most. */
  readonly name: string;
  /** Increment it with every change of the tables' contents: the new version is filled beside the old one. */
  readonly version: number;
  /** SQL that creates the tables and their indexes, without schema names. It runs once per rebuild. */
  readonly tables: string;
}

/** The tables being filled: the live ones, or, in a rebuild, those that will replace them. */
export interface ReadModel extends Pick<Database, 'query' | 'write'> {
  readonly isRebuild: boolean;
  /**
   * For effects of these events that others notice, a message or a job: it runs once per event, in the transaction of
   * the checkpoint, and never in a rebuild. Outside it, messages and jobs throw EffectRefusedError.
   */
  once(effect: () => Promise<unknown>): Promise<void>;
}

const LONGEST_NAME = 48;

export function checkDefinition({ name, version }: ReadModelDefinition): void {
  if (name === '' || Buffer.byteLength(name) > LONGEST_NAME) {
    throw new Error(`The name of a read model has 1 to ${LONGEST_NAME} characters, and "${name}" has not.`);
  }
  if (!Number.isInteger(version) || version < 1) throw new Error(`The version of ${name} has to be 1, 2, 3 …`);
}
