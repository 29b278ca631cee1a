import { userOf } from '../facts/breakers.ts';
import { declaredRoutes } from '../facts/declared/declared-routes.ts';
import { expiredTokens } from '../facts/expired-tokens.ts';
import { type Entrance, entrances } from '../facts/gateways.ts';
import { isOpenByNature } from '../facts/open-paths.ts';
import { passedBeside } from '../facts/proxies.ts';
import { type Route, routesIn } from '../facts/routes.ts';
import type { Deployment } from '../model/deployment.ts';
import { isCalled, type Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import type { Value } from '../model/texts.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../source/group-by.ts';
import { isGatewayName } from '../traces/service-names.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import { declaredFaults } from './declared-gateways.ts';
import { idleRoleChecks } from './idle-role-checks.ts';
import { openRoleGuards, openRoles } from './open-roles.ts';
import { publicByMistake } from './public-by-mistake.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { beginsAnew, inTrace, seenInTraces } from './trace-evidence.ts';
import { unenforced } from './unenforced.ts';

/** Every public route has a policy, and nothing public bypasses the gateway. */
export const gateway: Rule = {
  id: 'gateway',
  title: 'All that is public passes the gateway, under a policy',
  items: ['gateway'],
  severity: 'error',
  why: 'What can be reached past the gateway, or through it without a policy, is open to everybody who finds it.',
  mend:
    'Let only the gateway be reachable from outside, and give each of its routes ' +
    'authentication (or say that it is public) and a rate limit.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model)),
};

function judge(system: System): Judgement {
  const { services, gateways } = system;
  const withRoutes = services.filter((part) => publicRoutes(system, part).length > 0);
  const declared = declaredRoutes(system);
  const front = declared[0]?.gateway ?? infrastructureGateway(system);
  if (gateways.length === 0 && front === undefined) return absent(system, withRoutes);
  const known = entrances(system);
  const silent = gateways.filter((part) => !known.some((one) => one.part === part));
  return {
    findings: [
      ...gathered([...known.flatMap(withoutPolicy), ...declaredFaults(system, declared)]),
      ...gathered(known.flatMap((one) => openRoles(system, one))),
      ...gateways.flatMap((part) => openRoleGuards(system, part)),
      ...publicByMistake(system),
      ...idleRoleChecks(system),
      ...bypasses(system),
      ...mismatches(system, known),
      ...unlisted(system, known),
      ...expired(system),
      ...unenforced(system),
    ],
    judged: [...gateways.filter((part) => !silent.includes(part)), ...services].map(({ name }) => name),
    unknown: [
      ...silent.map(({ name }) => ({
        subject: name,
        why: 'Its routes are not known, so that their policies cannot be judged.',
      })),
      ...(gateways.length === 0 && front && declared.length === 0
        ? [{ subject: front, why: 'The policies of this gateway are not read.' }]
        : []),
    ],
  };
}

/** A gateway that is no code of this repository. */
const infrastructureGateway = ({ deployments, paths }: System): string | undefined =>
  deployments.find(
    ({ image, name }) =>
      /(^|\/)(traefik|kong|envoy|krakend|apisix|tyk|haproxy|express-gateway|nginx|caddy)/.test(image) &&
      !/frontend|web$/.test(name),
  )?.name ?? paths.find((path) => /(^|\/)(kong|krakend|traefik|envoy)[^/]*\.(ya?ml|json|toml)$/.test(path));

function absent(system: System, withRoutes: readonly Part[]): Judgement {
  const open = bypasses(system);
  const evidence = [
    ...withRoutes.slice(0, 4).map((part) => {
      const [route] = publicRoutes(system, part);
      return { file: route!.file.path, line: route!.line, text: `${part.name}: ${route!.method} ${route!.path}` };
    }),
    ...open.filter(({ subject }) => !withRoutes.some(({ name }) => name === subject)).flatMap((one) => one.evidence),
  ];
  const names = [...new Set([...withRoutes.map(({ name }) => name), ...open.map(({ subject }) => subject)])];
  const isSystem = names.length > 1;
  const what = `${names.join(', ')} have public routes or ports, and there is no gateway before them`;
  return {
    findings: isSystem ? [{ subject: 'the system', what, evidence }] : [],
    judged: isSystem ? ['the system'] : [],
    unknown: isSystem
      ? []
      : [{ subject: 'the repository', why: 'There is no gateway, and fewer than two services with routes.' }],
  };
}

const OPERATIONS = new RegExp(
  '^/(livez|readyz|healthz?|health/.*|metrics|ping|status|live|ready|ops(/.*)?|internal(/.*)?|' +
    String.raw`docs|openapi\.json|\{.*)$`,
);

/** Routes for clients, without those for supervisors and operators. */
const publicRoutes = (system: System, part: Part): Route[] =>
  system
    .filesOf(part)
    .flatMap((file) => routesIn(system).get(file) ?? [])
    .filter(({ path }) => !OPERATIONS.test(path));

const place = ({ file, line, method, path }: Entrance | Route) => [
  { file: file.path, line, text: `${method} ${path}` },
];

function withoutPolicy(entrance: Entrance): Draft[] {
  const { part, method, path, hasAuthentication, hasRateLimit, access } = entrance;
  if (access === 'public' && OPERATED.test(path)) {
    const what = `${method} ${path} is for operators, and the gateway lets everybody in`;
    return [{ subject: part.name, what, evidence: place(entrance) }];
  }
  if (isOpenByNature(path) && (hasRateLimit || PROBED.test(path))) return [];
  const missing = [
    ...(hasAuthentication || access !== undefined || isOpenByNature(path) ? [] : ['authentication']),
    ...(hasRateLimit ? [] : ['rate limit']),
  ];
  if (missing.length === 0) return [];
  const what = `${method} ${path} passes the gateway with no ${missing.join(' and no ')}`;
  return [{ subject: part.name, what, evidence: place(entrance) }];
}

/** What supervisors ask often, from where no client comes. */
const PROBED = /health|live(z|ness)?$|alive$|ready(z)?$|readiness$|metrics|ping/i;

/** Whoever once had a token is let in for ever. */
const expired = (system: System): Draft[] =>
  expiredTokens(system).flatMap(({ file, node }) => {
    const user = userOf(system, file);
    if (!user) return [];
    const line = file.lineAt(node.start);
    const what = `${user.name} lets in by tokens that have expired: who has had one once is let in for ever`;
    return [{ subject: user.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] }];
  });

const MANY = 6;

/** What all routes of a gateway lack is one fault. */
function gathered(drafts: readonly Draft[]): Draft[] {
  const same = groupBy(drafts, ({ subject, what }) => `${subject} ${what.replace(/^\S+ \S+ /, '')}`);
  return [...same.values()].flatMap((all) => {
    if (all.length < MANY) return all;
    const [{ subject, what }] = all as [Draft];
    const evidence = all.flatMap((one) => one.evidence);
    return [{ subject, what: `${what}, and so do ${all.length - 1} others`, evidence }];
  });
}

const OPERATED = /^\/(ops|admin|internal|debug|actuator)(\/|$)/;

const CONTROLLERS: Readonly<Record<string, string>> = { Ingress: 'ingress', IngressRoute: 'traefik' };

const SERVERS = /^FROM\s+\S*(nginx|openresty|traefik|kong|krakend|haproxy|envoy|caddy)/im;

/** What is built of a server that hands requests on, or holds its settings, is what stands before the others. */
const isFront = (system: System, part: Part): boolean =>
  system.filesOf(part).length === 0 &&
  (system.dockerfilesOf(part).some((text) => SERVERS.test(text)) ||
    declaredRoutes(system).some(({ file }) => part.folder !== '' && file.startsWith(`${part.folder}/`)));

/** What lies in the folder of a part deploys it alone, for who works on it; the whole system is deployed elsewhere. */
function together(system: System, part: Part): readonly Deployment[] {
  const all = system.deploymentsOf(part);
  const others = all.filter(({ file }) => part.folder === '' || !file.startsWith(`${part.folder}/`));
  return others.length > 0 ? others : all;
}

/** Ports of services that are open beside the gateway's. */
function bypasses(system: System): Draft[] {
  const services = system.services.filter((part) => !isFront(system, part));
  const open = services.flatMap((part) =>
    together(system, part).flatMap(({ file, publishedPorts, name }) =>
      publishedPorts.slice(0, 1).map(({ port, line }) => ({
        subject: part.name,
        what: `${part.name} can be reached past the gateway: its port is published`,
        evidence: [{ file, line, text: `${name}: ports: ${port}` }],
      })),
    ),
  );
  const isGateway = (how: string, of: string): boolean =>
    declaredRoutes(system).some(({ gateway: kind, file }) => kind === CONTROLLERS[how] && file === of);
  const exposed = system.kubernetes.exposed.flatMap(({ target, how, file, line }) => {
    if (isGateway(how, file)) return [];
    const part = system.services.find((one) => isCalled(one, target));
    if (!part) return [];
    const what =
      `${part.name} can be reached past the gateway by ${/Port|Balancer/.test(how) ? 'a service of type' : 'an'} ` +
      `${how}`;
    return [{ subject: part.name, what, evidence: [{ file, line, text: `${how} → ${target}` }] }];
  });
  const passed = passedBeside(system).map(({ to, file, line, text }) => ({
    subject: to.name,
    what: `${to.name} can be reached past the gateway: what stands before it passes requests on to both`,
    evidence: [{ file, line, text }],
  }));
  return [...open, ...exposed, ...passed];
}

const STRICTNESS: Readonly<Record<string, number>> = {
  public: 0,
  anyone: 0,
  anonymous: 0,
  user: 1,
  customer: 1,
  authenticated: 1,
  admin: 2,
};

/** The gateway lets in whom the service says that it must not. */
function mismatches(system: System, known: readonly Entrance[]): Draft[] {
  return known.flatMap((entrance) => {
    const routes = system.services
      .flatMap((part) => publicRoutes(system, part))
      .filter((route) => isSame(route, entrance));
    return routes.flatMap((route) => {
      const wanted = accessOf(route.options);
      const [inside, outside] = [STRICTNESS[wanted ?? ''], STRICTNESS[entrance.access ?? '']];
      if (inside === undefined || outside === undefined || outside >= inside) return [];
      const what =
        `The gateway lets ${entrance.access} in to ${entrance.method} ${entrance.path}, ` +
        `which its service keeps for ${wanted}`;
      return [{ subject: entrance.part.name, what, evidence: [...place(entrance), ...place(route)] }];
    });
  });
}

function accessOf(options: Value): string | undefined {
  const config = isRecord(options) ? (options['config'] ?? options) : undefined;
  const access = isRecord(config) ? config['access'] : undefined;
  return typeof access === 'string' ? access : undefined;
}

const isRecord = (value: Value): value is { [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const plainPath = (path: string): string => path.replaceAll(/:\w+|\{\w+\}/g, ':').replace(/(.)\/$/, '$1');
const isSame = (route: Route, entrance: Entrance): boolean =>
  route.method === entrance.method && plainPath(route.path) === plainPath(entrance.path);

/** Where the gateway lists calls one by one, a call of a service that is not listed has no policy. */
function unlisted(system: System, known: readonly Entrance[]): Draft[] {
  // What a gateway answers with code of its own has paths of its own.
  const listed = known.filter(({ method, isUnlimited }) => method !== 'ALL' && isUnlimited === undefined);
  if (listed.length < 3) return [];
  return system.services.flatMap((part) => {
    const routes = publicRoutes(system, part);
    const missing = routes.filter((route) => !listed.some((entrance) => isSame(route, entrance)));
    if (missing.length * 2 > routes.length) return [];
    return missing.map((route) => ({
      subject: part.name,
      what: `${route.method} ${route.path} of ${part.name} has no policy at the gateway`,
      evidence: place(route),
    }));
  });
}

const seen = (model: Model): Judgement => seenInTraces(model, ({ entrances: all }) => [...all.keys()], pastTheGateway);

/** Requests that came in at a service, while others come in through a gateway. */
function pastTheGateway(traces: TraceFacts): Draft[] {
  const all = traces.entrances;
  if (![...all.keys()].some(isGatewayName)) return [];
  // What is asked by others, and answers in traces of its own, seems to be asked by nobody.
  const asked = groupBy(beginsAnew(traces), ({ to }) => to);
  const lost = (to: string): number => (asked.get(to) ?? []).reduce((sum, one) => sum + one.calls - one.answers, 0);
  return [...all]
    .filter(([service, { count }]) => !isGatewayName(service) && count > lost(service))
    .map(([service, { count, example }]) => ({
      subject: service,
      what: `${count} requests came to ${service} past the gateway`,
      evidence: [inTrace(example)],
    }));
}
