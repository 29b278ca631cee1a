import { namedAsOthers, openDatabases } from '../facts/databases-of-others.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

/** Databases into which others are let: by the address of a copy, or by a right for all. */
export const openedDatabases = (system: System): Draft[] => [
  ...namedAsOthers(system).map(({ setting: { part, file, line, host, database }, owner }) => ({
    subject: part.name,
    what: `${part.name} is told the address of ${database}, the database of ${owner.name}`,
    evidence: [{ file, line, text: `${part.name}: ${host}/${database}` }],
  })),
  ...openDatabases(system).map((place) => ({
    subject: 'the databases',
    what: 'A script lets every role into a database: each service can enter those of the others',
    evidence: [place],
  })),
];
