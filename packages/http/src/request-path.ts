import type { FastifyRequest } from 'fastify';

/** The path of the request as the client wrote it, without its query. */
export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.split('?', 1)[0]!;
