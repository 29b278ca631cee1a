import { publicFaults } from '../facts/public-marks.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

const NOT_PUBLIC = {
  role: 'asks for a role, and says that it is public all the same',
  caller: 'acts for whoever has signed in, and says that it is public',
  change: 'changes something, and says that it is public',
} as const;

/** Routes of gateways that say that they are public, where they cannot be. */
export const publicByMistake = (system: System): Draft[] =>
  publicFaults(system).map(({ part, route: { file, line, method, path }, kind }) => ({
    subject: part.name,
    what: `${method} ${path} ${NOT_PUBLIC[kind]}`,
    evidence: [{ file: file.path, line, text: `${method} ${path}` }],
  }));
