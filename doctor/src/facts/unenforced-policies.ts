import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { nameOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isReached } from './reached.ts';

/** What routes say of themselves, that somebody has to look at before they are answered. */
export interface UnenforcedPolicy {
  readonly part: Part;
  readonly kind: 'access' | 'limit';
  readonly file: ParsedFile;
  readonly node: Node;
}

interface Kind {
  readonly kind: UnenforcedPolicy['kind'];
  readonly field: RegExp;
  readonly refuses: RegExp;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'access',
    field: /^(access|requiredRoles?)$/,
    refuses: new RegExp(
      String.raw`\bthrow\b[^;]{0,120}\b(40[13]\b|unauthori[sz]ed|unauthenticated|forbidden)|` +
        String.raw`\.(code|status|sendStatus)\(\s*40[13]\b`,
      'i',
    ),
  },
  {
    kind: 'limit',
    field: /^(limits?|rateLimits?)$/,
    refuses: /\bthrow\b[^;]{0,120}\b(429\b|too_?many|rate_?limited)|\.(code|status|sendStatus)\(\s*429\b/i,
  },
];

/** Of kits that read what routes say, and refuse by it, where nothing uses any of that any more. */
export const unenforcedPolicies = (system: System): UnenforcedPolicy[] =>
  KINDS.flatMap((kind) =>
    [...groupBy(placesOf(system, kind), ({ file }) => system.partOf(file.path)!.folder).values()].flatMap((places) => {
      const [first] = places as [Place];
      if (!isSaid(system, kind) || places.some((one) => isReached(system, system.program.files, one))) return [];
      const part = userOf(system, first.file);
      return part ? [{ part, kind: kind.kind, ...first }] : [];
    }),
  );

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** Where a library reads the field, in a file that refuses. */
const placesOf = (system: System, { field, refuses }: Kind): Place[] =>
  system.program.files
    .filter((file) => system.partOf(file.path)?.kind === 'library' && refuses.test(file.lines.join('\n')))
    .flatMap((file) => readsOf(file, field).map((node) => ({ file, node })));

/** `route.access`, `const { access } = config` */
const readsOf = (file: ParsedFile, field: RegExp): Node[] => [
  ...file.all('MemberExpression').filter((one) => !one.computed && field.test(nameOf(one.property as Node) ?? '')),
  ...file
    .all('ObjectPattern')
    .filter((one) => one.properties.some((entry) => entry.type === 'Property' && field.test(nameOf(entry.key) ?? ''))),
];

/** Whether routes of services or of the gateway say anything of it. */
const isSaid = (system: System, { field }: Kind): boolean =>
  [...system.services, ...system.gateways].some((part) =>
    system
      .filesOf(part)
      .some((file) =>
        file
          .all('Property')
          .some(
            (one) =>
              field.test(nameOf(one.key) ?? '') &&
              file.parentOf(one)?.type === 'ObjectExpression' &&
              (one.value as Node).type === 'Literal',
          ),
      ),
  );

/** The gateway that uses this kit, or the first service that does. */
function userOf(system: System, file: ParsedFile): Part | undefined {
  const home = system.partOf(file.path);
  return [...system.gateways, ...system.services].find((part) =>
    system.closureOf(part).some((one) => system.partOf(one.path) === home),
  );
}
