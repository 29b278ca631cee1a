import { unenforcedPolicies } from '../facts/unenforced-policies.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

const WHAT = {
  access: 'who may enter, and nothing looks at it: everybody may',
  limit: 'how often they may be asked, and nothing counts: there is no limit',
} as const;

/** Policies that are only written down. */
export const unenforced = (system: System): Draft[] =>
  unenforcedPolicies(system).map(({ part, kind, file, node }) => {
    const line = file.lineAt(node.start);
    return {
      subject: part.name,
      what: `The routes of ${part.name} say ${WHAT[kind]}`,
      evidence: [{ file: file.path, line, text: `nothing uses this: ${file.lines[line - 1]!.trim().slice(0, 140)}` }],
    };
  });
