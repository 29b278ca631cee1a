import { DomainError } from '@ashlar/domain';
import type { FastifyInstance } from 'fastify';
import { InvalidRequestError } from './invalid-request.ts';
import { pathOf } from './request-path.ts';

/** Refuses a query that is not percent-encoded UTF-8 (the router sees to the path), and NUL anywhere. */
export function refuseMalformedUrls(http: FastifyInstance): void {
  http.addHook('onRequest', async (request) => {
    if (!request.url.includes('%')) return;
    if (request.url.includes('%00'))
      throw new InvalidRequestError([{ path: '?', message: 'has characters that no text has' }]);
    try {
      decodeURIComponent(request.url.slice(pathOf(request).length));
    } catch {
      throw new DomainError('malformed_url', 'malformed', 'The query is not percent-encoded as it should be.');
    }
  });
}
