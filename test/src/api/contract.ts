/** One call of the public API: who may make it, whether it takes a body, and every answer that is documented for it. */
export interface DocumentedCall {
  readonly who: 'anyone' | 'user' | 'admin';
  readonly takesBody: boolean;
  readonly answers: readonly string[];
}

type Call = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
type Row = readonly [who: DocumentedCall['who'], answers: string, body?: 'body'];

const INVALID = '400 invalid_request';
const REUSED = '422 idempotency_key_reused';
const CURRENCY = '422 currency_mismatch';

/** The rows of the API's page. Each answer has to be seen, and no other one may be. */
const ROWS: Readonly<Record<Call, Row>> = {
  'POST /v1/users': ['anyone', `201, 409 email_taken, ${REUSED}`, 'body'],
  'GET /v1/users': ['admin', '200, 400 bad_cursor'],
  'GET /v1/users/me': ['user', '200, 304'],
  'PATCH /v1/users/me': ['user', '200', 'body'],
  'DELETE /v1/users/me': ['user', '204, 409 last_admin'],
  'PUT /v1/users/me/password': ['user', '204, 401 invalid_credentials', 'body'],
  'GET /v1/users/:id': ['user', `200, 304, 403 forbidden, 404 user_not_found, ${INVALID}`],
  'PATCH /v1/users/:id': ['admin', '200, 404 user_not_found, 409 last_admin', 'body'],
  'POST /v1/sessions': ['anyone', '201, 401 invalid_credentials, 429 rate_limited', 'body'],
  'POST /v1/sessions/refresh': ['anyone', '201, 401 token_reused, 401 invalid_refresh_token', 'body'],
  'DELETE /v1/sessions': ['user', `204, ${INVALID}`],
  'GET /.well-known/jwks.json': ['anyone', '200'],

  'GET /v1/products': ['anyone', `200, 304, 400 bad_cursor, 401 unauthenticated, 403 forbidden, ${INVALID}`],
  'GET /v1/products/:id': ['anyone', `200, 304, 404 product_not_found, ${INVALID}`],
  'POST /v1/products': ['admin', `201, 409 sku_taken, ${REUSED}`, 'body'],
  'PATCH /v1/products/:id': [
    'admin',
    '200, 404 product_not_found, 409 product_archived, 412 precondition_failed',
    'body',
  ],
  'DELETE /v1/products/:id': ['admin', '204, 404 product_not_found, 412 precondition_failed'],

  'GET /v1/inventory/:productId': ['anyone', `200, 404 product_not_found, ${INVALID}`],
  'POST /v1/inventory/:productId/adjustments': [
    'admin',
    `201, 404 product_not_found, 409 negative_stock, ${REUSED}`,
    'body',
  ],

  'POST /v1/accounts': ['user', `201, 409 account_exists, ${REUSED}`, 'body'],
  'GET /v1/accounts': ['user', `200, 400 bad_cursor, ${INVALID}`],
  'GET /v1/accounts/:id': ['user', `200, 304, 403 forbidden, 404 account_not_found, ${INVALID}`],
  'POST /v1/accounts/:id/deposits': [
    'user',
    `201, 202, 402 card_declined, 403 forbidden, 404 account_not_found, 409 balance_limit, ${CURRENCY}, ${REUSED}`,
    'body',
  ],
  'GET /v1/accounts/:id/deposits/:depositId': ['user', `200, 403 forbidden, 404 deposit_not_found, ${INVALID}`],
  'POST /v1/accounts/:id/withdrawals': [
    'user',
    `201, 403 forbidden, 404 account_not_found, 409 insufficient_funds, 422 currency_mismatch, ${REUSED}`,
    'body',
  ],
  'GET /v1/accounts/:id/entries': ['user', `200, 400 bad_cursor, 403 forbidden, 404 account_not_found, ${INVALID}`],

  'POST /v1/orders': [
    'user',
    `202, 409 idempotency_in_progress, 422 unknown_product, 422 product_archived, 422 total_too_large, ${CURRENCY}, ` +
      REUSED,
    'body',
  ],
  'GET /v1/orders': ['user', `200, 400 bad_cursor, 503 consistency_timeout, ${INVALID}`],
  'GET /v1/orders/:id': ['user', `200, 304, 403 forbidden, 404 order_not_found, ${INVALID}`],
  'POST /v1/orders/:id/cancellation': [
    'user',
    `202, 403 forbidden, 404 order_not_found, 409 too_late, 409 not_cancellable, ${INVALID}`,
  ],
  'GET /v1/orders/:id/events': ['user', `200, 403 forbidden, 404 order_not_found, ${INVALID}`],

  'GET /v1/shipments/:id': ['user', `200, 304, 403 forbidden, 404 shipment_not_found, ${INVALID}`],
  'POST /v1/shipments/:id/dispatch': ['admin', `200, 404 shipment_not_found, 409 wrong_status, ${INVALID}`],
  'POST /v1/shipments/:id/delivery': ['admin', `200, 404 shipment_not_found, 409 wrong_status, ${INVALID}`],

  'GET /ops/services': ['admin', '200'],
  'POST /ops/archive': ['admin', '200'],
  'GET /ops/sagas': ['admin', '200, 400 bad_cursor'],
  'GET /ops/sagas/:id': ['admin', '200, 404 not_found'],
  'POST /ops/sagas/:id/retry': ['admin', '202, 404 not_found, 409 saga_not_stuck'],
  'GET /ops/dead-letters': ['admin', '200, 400 bad_cursor'],
  'GET /ops/dead-letters/:id': ['admin', '200, 404 not_found'],
  'POST /ops/dead-letters/:id/replay': ['admin', '202, 404 not_found'],
  'DELETE /ops/dead-letters/:id': ['admin', '202, 404 not_found'],
  'GET /ops/sandbox': ['admin', '200'],
  'PUT /ops/sandbox': ['admin', '200', 'body'],

  'GET /livez': ['anyone', '200'],
  'GET /readyz': ['anyone', '200'],
};

/** What any call may answer; each has to be seen somewhere. */
export const ANYWHERE: readonly string[] = [
  '400 bad_consistency_token',
  '400 bad_idempotency_key',
  '400 malformed_json',
  '400 malformed_url',
  '405 method_not_allowed',
  '413 payload_too_large',
  '414 uri_too_long',
  '415 unsupported_media_type',
  '429 rate_limited',
];

/** What is answered where no call is. */
export const NOWHERE: readonly string[] = ['404 not_found', '401 unauthenticated', '403 forbidden'];

/** By method and path. */
export const CALLS: ReadonlyMap<string, DocumentedCall> = new Map(
  Object.entries(ROWS).map(([call, row]) => [call, documented(row)]),
);

/** By the conventions strangers are refused where a user is needed, customers where an administrator is. */
function documented([who, answers, body]: Row): DocumentedCall {
  const takesBody = body !== undefined;
  const conventions = [
    ...(who === 'anyone' ? [] : ['401 unauthenticated']),
    ...(who === 'admin' ? ['403 forbidden'] : []),
    ...(takesBody ? [INVALID, '400 malformed_json', '415 unsupported_media_type'] : []),
  ];
  return { who, takesBody, answers: [...answers.split(', '), ...conventions] };
}
