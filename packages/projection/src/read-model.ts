import type { Database } from '@ashlar/postgres';

/** A read model as its service declares it. */
export interface ReadModelDefinition {
  /** Names its checkpoint; by convention `<service>.<model>`. 48 characters at most. */
  readonly name: string;
  /** Counts up with every change of what the tables hold: a newer one is filled beside the older, then takes over. */
  readonly version: number;
  /** SQL that makes the tables and their indexes, named without a schema. It is run once for each rebuild. */
  readonly tables: string;
}

/** The tables that are being filled: those that are read, or, in a rebuild, those that will take their place. */
export interface ReadModel extends Pick<Database, 'query' | 'write'> {
  readonly isRebuild: boolean;
  /**
   * What others will notice of these events, a message or a job: it happens once in their life, in the transaction of
   * the checkpoint, and never in a rebuild. Outside of it, messages and jobs are refused (EffectRefusedError).
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
