/** What a gateway leads to is outside of the system: it is a service like others. */
const GATEWAY = new RegExp(
  String.raw`(?<!(payment|pay|bank|card|sms|e?mail|push|fax|notification|message|messaging|carrier)s?[-_.]?)gateway|` +
    '(^|-)(ingress|proxy|edge|envoy|istio|nginx|traefik|kong|haproxy|zuul|apisix|krakend|ambassador|tyk|' +
    'load-?balancer|lb|bff)(-|$)',
  'i',
);
const STORAGE = new RegExp(
  '(^|[-_.])(redis|memcached?|valkey|postgres(ql)?|mysql|mariadb|mongo(db)?|cassandra|' +
    String.raw`kafka|rabbitmq|nats|elasticsearch|sqs|dynamodb|[a-z]*sql[a-z]*|db)([-_.]|$)`,
  'i',
);
const OUTSIDE = new RegExp(
  String.raw`(^|[-_.])(load[-_]?(gen|test)\w*|locust|k6|jmeter|gatling|artillery|vegeta|` +
    'browser|web|mobile|android|ios|e2e|synthetics?)([-_.]|$)',
  'i',
);
const PROBE = /\/_?(health\w*|livez|readyz|metrics|ping|live|ready|status|isalive)\b|\bgrpc\.health\./i;

export const isGatewayName = (name: string): boolean => GATEWAY.test(name);

export const isStorageName = (name: string): boolean => STORAGE.test(name) && !/service|svc|api/.test(name);

/** Users and what plays them, as long as they only ask. */
export const isOutsideName = (name: string): boolean => OUTSIDE.test(name);

export const isProbe = (operation: string): boolean => PROBE.test(operation);

/** A name without a domain is one of the same network: a service, or something bought that keeps no traces. */
export const isNearName = (name: string): boolean =>
  /^[a-z][\w-]*(\.[\w-]+\.svc(\.cluster\.local)?)?(:\d+)?$/i.test(name) && !isStorageName(name);
