import { breaking, fine } from './breach.ts';
import type { Change } from './change.ts';
import type { Documents, Part } from './compare-open-api.ts';
import { isSame, type Json, listOf, objectOf } from './json.ts';

/** Who may make a call: each way in that was enough must still be enough. */
export function compareSecurity({ was, is, at }: Part): Change[] {
  const [before, after] = [waysIn(was['security']), waysIn(is['security'])];
  const shut = before.filter((way) => !after.some((other) => suffices(way, other)));
  const opened = after.filter((way) => !before.some((other) => suffices(way, other)));
  return [
    ...shut.map((way) => breaking({ kind: 'security tightened', at, was: way, is: after, ...SHUT })),
    ...(shut.length === 0 && opened.length > 0
      ? [fine({ kind: 'security loosened', at, was: before, is: after })]
      : []),
  ];
}

const SHUT = {
  why: 'Whoever was let in with this is refused.',
  remedy: 'Let them in as before, or add another path beside this one.',
};

/** No requirement is one that everybody meets. */
const waysIn = (security: Json | undefined): readonly Json[] => (listOf(security).length > 0 ? listOf(security) : [{}]);

/** Whether who has all that `given` names has all that `asked` names; a role is part of what is named. */
const suffices = (given: Json, asked: Json): boolean =>
  Object.entries(objectOf(asked)).every(([scheme, roles]) => {
    const held = objectOf(given)[scheme];
    return held !== undefined && listOf(roles).every((role) => listOf(held).includes(role));
  });

/** How callers identify themselves. */
export function compareSecuritySchemes({ was, is }: Documents): Change[] {
  const [before, after] = [schemesOf(was), schemesOf(is)];
  return Object.keys(before).flatMap((name) => {
    if (isSame(essence(before[name]), essence(after[name]))) return [];
    const at = `the security scheme ${name}`;
    const why = 'Whoever identifies themselves as recorded is no longer understood.';
    const remedy = 'Add another scheme, and let in who has either.';
    return [breaking({ kind: 'security scheme changed', at, was: before[name], is: after[name], why, remedy })];
  });
}

const schemesOf = (document: Documents['was']) => objectOf(objectOf(document['components'])['securitySchemes']);

const essence = (scheme: Json | undefined): Json | undefined => {
  const { description: _, bearerFormat: __, ...rest } = objectOf(scheme);
  return scheme === undefined ? undefined : rest;
};
