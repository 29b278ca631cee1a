import type { Stored } from '@ashlar/postgres';
import { RefusedError, SQL_STATE } from './memory-errors.ts';

/** A rule that a table keeps itself, whatever the code above it thinks: throws where a row would break it. */
export type Constraint<State> = (row: Stored<State>, others: Iterable<Stored<State>>) => void;

/** No two rows have the same value; rows without one do not count. */
export function unique<State>(
  constraint: string,
  of: (row: Stored<State>) => string | null | undefined,
): Constraint<State> {
  return (row, others) => {
    const value = of(row);
    if (value === undefined || value === null) return;
    for (const other of others)
      if (of(other) === value)
        throw new RefusedError(`duplicate key value violates "${constraint}"`, SQL_STATE.unique, constraint);
  };
}

/** Every row is of this kind. */
export function check<State>(constraint: string, holds: (state: State) => boolean): Constraint<State> {
  return ({ state }) => {
    if (!holds(state)) throw new RefusedError(`new row violates "${constraint}"`, SQL_STATE.check, constraint);
  };
}

/** Every row belongs to one that is committed in another table. */
export function references<State>(
  constraint: string,
  { table, of }: { readonly table: ReadonlyMap<string, unknown>; readonly of: (state: State) => string },
): Constraint<State> {
  return ({ state }) => {
    if (!table.has(of(state)))
      throw new RefusedError(`row violates foreign key "${constraint}"`, SQL_STATE.reference, constraint);
  };
}
