import { type Part, partNamedIn } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { withoutComments } from './sql.ts';
import { type Statement, statements } from './statements.ts';

/** By which the database of a service reads that of another one: a foreign server, `dblink`, a subscription. */
export interface ForeignLink {
  readonly statement: Statement;
  readonly offset: number;
  readonly to: Part;
}

const LINKS = /\b(foreign\s+data\s+wrapper|dblink(_connect)?\s*\(|create\s+subscription)[^;]*/gi;
/** `dbname 'orders'`, `'host=db dbname=orders'`, `postgres://…/orders` */
const DATABASE = /\bdbname\s*=?\s*'?([\w-]+)|:\/\/[^\s'/]*\/([\w-]+)/i;

export const foreignLinks = (system: System): ForeignLink[] =>
  statements(system).flatMap((statement) =>
    [...withoutComments(statement.text).matchAll(LINKS)].flatMap(({ 0: text, index: offset }) => {
      const [, named, addressed] = DATABASE.exec(text) ?? [];
      const name = named ?? addressed;
      if (name === undefined || partNamedIn(name, [statement.part])) return [];
      const to = partNamedIn(
        name,
        system.services.filter((one) => one !== statement.part),
      );
      return to ? [{ statement, offset, to }] : [];
    }),
  );
