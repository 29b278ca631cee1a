import type { ProxyRoute } from '@ashlar/gateway';

type Policy = Pick<ProxyRoute, 'access' | 'limit' | 'idempotent' | 'stream' | 'ends' | 'cache'>;
type Call = `${ProxyRoute['method']} /${string}`;

const anyone: Policy = { access: 'public' };
const user: Policy = { access: 'user' };
const admin: Policy = { access: 'admin' };
const signUp: Policy = { access: 'public', limit: 'sign-up' };
const signIn: Policy = { access: 'public', limit: 'sign-in', idempotent: false };
const refresh: Policy = { access: 'public', idempotent: false, ends: 'named-session' };
/** Kept for as long as the service says; who has changed something reads past the cache. */
const catalogue: Policy = { access: 'public', cache: { unless: ['consistency-token'] } };
const events: Policy = { access: 'user', stream: true };

/** Every call that clients can make, by the service that answers it. Whose resource it is, the service decides. */
const TABLE: Readonly<Record<string, Readonly<Record<Call, Policy>>>> = {
  user: {
    'POST /v1/users': signUp,
    'GET /v1/users': admin,
    'GET /v1/users/me': user,
    'PATCH /v1/users/me': user,
    'DELETE /v1/users/me': { access: 'user', ends: 'user' },
    'PUT /v1/users/me/password': { access: 'user', ends: 'other-sessions' },
    'GET /v1/users/:id': user,
    'PATCH /v1/users/:id': { access: 'admin', ends: 'former-role' },
    'POST /v1/sessions': signIn,
    'DELETE /v1/sessions': { access: 'user', ends: 'session' },
    'POST /v1/sessions/refresh': refresh,
    'GET /.well-known/jwks.json': anyone,
  },
  product: {
    'GET /v1/products': catalogue,
    'GET /v1/products/:id': catalogue,
    'POST /v1/products': admin,
    'PATCH /v1/products/:id': { access: 'admin', cache: true },
    'DELETE /v1/products/:id': { access: 'admin', cache: true },
  },
  inventory: {
    'GET /v1/inventory/:productId': anyone,
    'POST /v1/inventory/:productId/adjustments': admin,
  },
  payment: {
    'POST /v1/accounts': user,
    'GET /v1/accounts': user,
    'GET /v1/accounts/:id': user,
    'POST /v1/accounts/:id/deposits': user,
    'GET /v1/accounts/:id/deposits/:depositId': user,
    'POST /v1/accounts/:id/withdrawals': user,
    'GET /v1/accounts/:id/entries': user,
  },
  order: {
    'POST /v1/orders': user,
    'GET /v1/orders': user,
    'GET /v1/orders/:id': user,
    'POST /v1/orders/:id/cancellation': user,
    'GET /v1/orders/:id/events': events,
  },
  shipping: {
    'GET /v1/shipments/:id': user,
    'POST /v1/shipments/:id/dispatch': admin,
    'POST /v1/shipments/:id/delivery': admin,
  },
};

export const serviceNames: readonly string[] = Object.keys(TABLE);

export const routes: readonly ProxyRoute[] = Object.entries(TABLE).flatMap(([upstream, calls]) =>
  Object.entries(calls).map(([call, policy]) => {
    const [method, path] = call.split(' ') as [ProxyRoute['method'], string];
    return { ...policy, method, path, upstream };
  }),
);
