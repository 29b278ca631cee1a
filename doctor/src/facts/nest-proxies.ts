import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isProxy } from './before-routes.ts';
import type { Entrance } from './entrance.ts';
import { type Applied, appliedIn, covers } from './nest-middlewares.ts';
import { AUTHENTICATION, isOfKind, RATE_LIMIT } from './policy-kinds.ts';

/**
 * `consumer.apply(limiter, AuthMiddleware, proxyTo(url)).forRoutes('orders')`: what Nest hands on by a middleware. Only
 * what is applied before it is passed: what comes after a proxy sees no request.
 */
export function appliedProxies(system: System, part: Part): readonly Entrance[] {
  const all = (appliedIn(system).get(part) ?? []).map((one) => ({ ...one, at: proxyAt(system, one) }));
  return all.flatMap((chain, index) =>
    chain.at < 0
      ? []
      : chain.routes.flatMap((given) => {
          const told = routeOf(system, chain.file, given);
          if (told === undefined) return [];
          const line = chain.file.lineAt(given.start);
          const asked = { part, file: chain.file, line, ...told };
          const earlier = all.slice(0, index).filter((one) => one.at < 0 && standsBefore(system, one, asked));
          const steps = chain.applied.slice(0, chain.at);
          const before = [
            ...steps.map((node) => ({ file: chain.file, node })),
            ...earlier.flatMap(({ file, applied }) => applied.map((node) => ({ file, node }))),
          ];
          const has = (kind: RegExp): boolean => before.some((place) => isOfKind(system, place, kind));
          return [
            {
              ...asked,
              hasAuthentication: has(AUTHENTICATION),
              hasRateLimit: has(RATE_LIMIT),
              access: undefined,
              steps,
              isProxy: true,
            },
          ];
        }),
  );
}

const proxyAt = (system: System, { file, applied }: Applied): number =>
  applied.findIndex((node) => isProxy(system, file, node));

const standsBefore = (system: System, { file, routes, excluded }: Applied, asked: Entrance | Asked): boolean =>
  routes.some((given) => covers(system, { file, given, isBelow: true }, asked)) &&
  !excluded.some((given) => covers(system, { file, given, isBelow: false }, asked));

type Asked = Pick<Entrance, 'part' | 'file' | 'line' | 'method' | 'path'>;

/** A path, or a path with its method; for a controller there are routes of its own. */
function routeOf({ program }: System, file: ParsedFile, given: Node): Pick<Entrance, 'method' | 'path'> | undefined {
  if (program.originOf(file, given).kind === 'class') return undefined;
  const told = property(given, 'method');
  const path = textOf(program, file, property(given, 'path') ?? given);
  return {
    method: told ? pathOf(told).at(-1)! : 'ALL',
    path: `/${path.replace(/^\//, '').replace(/\/?(\(\.\*\)|\{?\*\w*\}?)$/, '')}`,
  };
}
