import { type Part, partNamedIn } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { withoutComments } from './sql.ts';
import { type Statement, statements } from './statements.ts';

/** A right that a service gives to another one in its own database. */
export interface GivenRight {
  readonly statement: Statement;
  readonly offset: number;
  readonly role: string;
  readonly to: Part;
}

const GRANT = /\bgrant\s[^;]*?\bto\s+(?:group\s+|role\s+)?["`']?([a-z_]\w*)/gi;

/** By the names of roles: `grant select on orders to payment_service`. */
export const givenRights = (system: System): GivenRight[] =>
  statements(system).flatMap((statement) =>
    [...withoutComments(statement.text).matchAll(GRANT)].flatMap(({ 1: role = '', index: offset }) => {
      const others = system.services.filter((one) => one !== statement.part);
      const own = partNamedIn(role, [statement.part]);
      const to = own ? undefined : partNamedIn(role, others);
      return to ? [{ statement, offset, role, to }] : [];
    }),
  );
