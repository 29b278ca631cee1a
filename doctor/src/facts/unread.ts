import type { Part } from '../model/layout.ts';
import { perSystem, type System, type Unknown } from '../model/system.ts';
import { schemas } from './moleculer.ts';

/** Frameworks with ways to call and to tell that are not read: who uses them has not passed. */
const UNREAD = new RegExp(
  '^(moleculer(-web|-db)?|seneca|cote|nats-hemera|@trpc/client|@apollo/gateway|@connectrpc/.+|nice-grpc|thrift|' +
    'zeromq|@temporalio/.+|@dapr/.+|@restatedev/.+)$',
);

/** The parts that call or tell others by a framework that is not read, and by which. */
export const unreadParts = perSystem((system: System): ReadonlyMap<Part, string> => {
  const all = [...system.services, ...system.gateways].flatMap((part): [Part, string][] => {
    const imported = system.closureOf(part).flatMap((file) => file.imports.map(({ specifier }) => specifier));
    const isRead = schemas(system).some((one) => one.part === part);
    const found = [...part.dependencies, ...imported].find(
      (name) => UNREAD.test(name) && !(isRead && name.startsWith('moleculer')),
    );
    return found === undefined ? [] : [[part, found]];
  });
  return new Map(all);
});

/** The parts of which a source can be read, and those of which none can: nothing is said of these. */
export function withSources(system: System): { readonly parts: readonly Part[]; readonly unknown: readonly Unknown[] } {
  const all = [...system.services, ...system.gateways];
  const blank = all.filter((part) => system.filesOf(part).length === 0);
  return {
    parts: all.filter((part) => !blank.includes(part)),
    unknown: blank.map(({ name: subject }) => ({ subject, why: 'No source of it could be read.' })),
  };
}

/** Of whom a rule on calls and messages can say something, and of whom it cannot. */
export function readParts(system: System): {
  readonly judged: readonly string[];
  readonly unknown: readonly Unknown[];
} {
  const unread = unreadParts(system);
  const { parts, unknown } = withSources(system);
  return {
    judged: parts.filter((part) => !unread.has(part)).map(({ name }) => name),
    unknown: [
      ...unknown,
      ...[...unread].map(([{ name: subject }, framework]) => ({
        subject,
        why: `It calls others by ${framework}, which is not read.`,
      })),
    ],
  };
}
