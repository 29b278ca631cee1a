import type { HeaderList } from '../wire/header-list.ts';

/**
 * Which version of a call a route is, where its path does not tell: by a header, such as `x-api-version: 2`, or by a
 * media type that the client accepts, such as `application/vnd.shop.v2+json`.
 */
export type Version = { readonly header: string; readonly is: string } | { readonly accepts: string };

interface Versioned {
  readonly version?: Version;
}

/** What tells a version from others: in the table, and in the cache. */
export const labelOf = (version: Version): string =>
  'accepts' in version ? `accept: ${version.accepts.toLowerCase()}` : `${version.header.toLowerCase()}: ${version.is}`;

/** The request headers that versions go by. */
export const namesOf = (versions: readonly Version[]): readonly string[] => [
  ...new Set(versions.map((version) => ('accepts' in version ? 'accept' : version.header.toLowerCase()))),
];

/**
 * The route of the version that the client asks for, `otherwise` where it asks for none; undefined where a header names
 * one that there is not. A media type that is not known is no version: clients accept many.
 */
export function versionFor<R extends Versioned>(
  routes: readonly R[],
  headers: HeaderList,
  otherwise?: R,
): R | undefined {
  let isNamed = false;
  for (const route of routes) {
    const { version } = route;
    if (!version || 'accepts' in version) continue;
    const told = headers.get(version.header.toLowerCase());
    if (told === version.is) return route;
    isNamed ||= told !== undefined;
  }
  return isNamed ? undefined : (accepted(routes, headers.get('accept')) ?? otherwise);
}

/** The one whose media type the client likes best. */
function accepted<R extends Versioned>(routes: readonly R[], accept: string | undefined): R | undefined {
  let best: R | undefined;
  let bestWeight = 0;
  for (const part of accept?.toLowerCase().split(',') ?? []) {
    const [type = '', ...parameters] = part.split(';').map((one) => one.trim());
    const weight = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    const route = routes.find(
      ({ version }) => version && 'accepts' in version && version.accepts.toLowerCase() === type,
    );
    if (!route || !(weight > bestWeight)) continue;
    best = route;
    bestWeight = weight;
  }
  return best;
}
