import { DomainError } from '@ashlar/domain';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './caller.ts';
import { InvalidTokenError, type TokenVerifier } from './token-verifier.ts';

/** Decides who may call each route, from the access that the route states and the caller's token. */
export function guardRoutes(http: FastifyInstance, verifier: TokenVerifier): void {
  http.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${method} ${url} does not say who may call it: state config.access.`);
  });
  http.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    const token = bearerToken(request);
    if (access === 'public') {
      if (token) request.exchange.caller = await verifier.verify(token).catch(() => undefined);
      return;
    }
    const caller = token ? await verified(verifier, token, reply) : unauthenticated('Sign in first.');
    if (access !== 'user' && caller.role !== access) {
      throw new DomainError('forbidden', 'forbidden', 'This is for administrators.');
    }
    request.exchange.caller = caller;
    reply.header('cache-control', 'private, no-cache');
  });
}

/** What handlers ask of a request; `caller` is for routes that have one for sure. */
export function decorateRequests(http: FastifyInstance): void {
  http.decorateRequest('callerIfAny', {
    getter(this: FastifyRequest) {
      return this.exchange.caller;
    },
  });
  http.decorateRequest('freshness', {
    getter(this: FastifyRequest) {
      return this.exchange.freshness;
    },
  });
  http.decorateRequest('caller', {
    getter(this: FastifyRequest) {
      return this.exchange.caller ?? unauthenticated('Sign in first.');
    },
  });
}

const BEARER = /^bearer +([\w.~+/=-]+) *$/i;

const bearerToken = ({ headers }: FastifyRequest): string | undefined => BEARER.exec(headers.authorization ?? '')?.[1];

async function verified(verifier: TokenVerifier, token: string, reply: FastifyReply): Promise<Caller> {
  try {
    return await verifier.verify(token);
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) {
      const sentence = 'Tokens cannot be checked at the moment; try again soon.';
      throw Object.assign(new DomainError('unavailable', 'unavailable', sentence), { cause: error });
    }
    reply.header('www-authenticate', 'Bearer realm="ashlar", error="invalid_token"');
    return unauthenticated('The token is not valid, or not any more.');
  }
}

function unauthenticated(sentence: string): never {
  throw new DomainError('unauthenticated', 'unauthenticated', sentence);
}
