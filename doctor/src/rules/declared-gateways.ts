import type { LedRoute } from '../facts/declared/declared-routes.ts';
import { answers, type Entrance } from '../facts/gateways.ts';
import { isOpenByNature } from '../facts/open-paths.ts';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { groupBy } from '../source/group-by.ts';
import type { Draft } from './rule.ts';

/** What passes a configured gateway without a policy: neither it nor the service asks who it is, or limits. */
export function declaredFaults(system: System, declared: readonly LedRoute[]): Draft[] {
  const open = declared.flatMap((route) => withoutPolicy(system, route));
  const led = new Set(
    declared.flatMap(({ target, hasAuthentication }) => (target && !hasAuthentication ? [target] : [])),
  );
  return [...toldOnce(open), ...[...led].flatMap((part) => unasked(system, part))];
}

/** What several files say of one gateway, as one for each place where it runs, with the place in each of them. */
const toldOnce = (drafts: readonly Draft[]): Draft[] =>
  [...groupBy(drafts, ({ subject, what }) => `${subject}\0${what}`).values()].map((same) => ({
    ...same[0]!,
    evidence: same.flatMap(({ evidence }) => evidence),
  }));

function withoutPolicy(system: System, { gateway: subject, file, line, path, target, ...policy }: LedRoute): Draft[] {
  if (isOpenByNature(path)) return [];
  const inside = target ? clientRoutes(system, target) : [];
  const isForAll = target !== undefined && inside.length === 0 && answers(system, target).length > 0;
  const isAsked =
    policy.hasAuthentication ||
    policy.isPublic ||
    isForAll ||
    inside.some(({ hasAuthentication }) => hasAuthentication);
  const isLimited = policy.hasRateLimit || (inside.length > 0 && inside.every(({ hasRateLimit }) => hasRateLimit));
  const missing = [...(isAsked ? [] : ['authentication']), ...(isLimited ? [] : ['rate limit'])];
  if (missing.length === 0) return [];
  const methods = policy.methods?.length ? policy.methods.join(', ') : 'ALL';
  const what = `${methods} ${path} passes the gateway with no ${missing.join(' and no ')}`;
  return [{ subject, what, evidence: [{ file, line, text: path }] }];
}

const OPERATIONS = /^\/(livez|readyz|healthz?|health\/.*|metrics|ping|status|live|ready)$/;

/** What a service answers to clients, and not to those who sign in or look whether it lives. */
const clientRoutes = (system: System, part: Part): readonly Entrance[] =>
  answers(system, part).filter(({ path }) => !OPERATIONS.test(path) && !isOpenByNature(path));

/**
 * A service that asks by itself, and forgets it: for a change, or for the only one among several things to read. What
 * several routes let everybody read is public on purpose.
 */
function unasked(system: System, part: Part): Draft[] {
  const routes = clientRoutes(system, part);
  const [asked, open] = [routes.filter((one) => one.hasAuthentication), routes.filter((one) => !one.hasAuthentication)];
  if (asked.length === 0) return [];
  const isRead = ({ method }: Entrance): boolean => /^(GET|HEAD|ALL|OPTIONS)$/.test(method);
  const reads = open.filter(isRead);
  const isForgotten = reads.length === 1 && asked.filter(isRead).length > 0;
  return open
    .filter((one) => !isRead(one) || isForgotten)
    .map(({ file, line, method, path }) => ({
      subject: part.name,
      what: `${method} ${path} of ${part.name} is open: neither the gateway nor the service asks who it is`,
      evidence: [{ file: file.path, line, text: `${method} ${path}` }],
    }));
}
