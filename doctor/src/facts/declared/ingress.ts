import type { KubernetesFacts } from '../../model/deployment.ts';
import type { DeclaredRoute } from './declared-route.ts';

const NAMES_POLICIES = /(middlewares|plugins)$/;
const AUTHENTICATES = /(^|[/-])auth-(url|signin|type|tls-secret|secret)$/;
const LIMITS = /(^|[/-])(limit-(rps|rpm|connections|req\S*)|rate-limit\S*|ratelimit\S*)$/;

/** The paths of an ingress that has a policy: one that only hands on is no gateway. */
export const routesOfIngresses = ({ ingresses }: KubernetesFacts): DeclaredRoute[] =>
  ingresses.flatMap(({ file, line, annotations, paths }) => {
    const said = Object.entries(annotations).filter(([, value]) => !/^(|0|false|none)$/.test(value));
    const named = said.flatMap(([key, value]) => (NAMES_POLICIES.test(key) ? [value] : [])).join(' ');
    const policy = {
      hasAuthentication: said.some(([key]) => AUTHENTICATES.test(key)) || /auth|jwt|oidc|oauth/i.test(named),
      hasRateLimit: said.some(([key]) => LIMITS.test(key)) || /rate-?limit|throttl/i.test(named),
    };
    if (!policy.hasAuthentication && !policy.hasRateLimit) return [];
    return paths.map(({ path, service: host }) => ({ gateway: 'ingress', file, line, path, host, ...policy }));
  });
