import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify';
import { PROBLEM_HEADERS, refusalOf, toProblem } from '../problem.ts';
import { pathOf } from '../request-path.ts';
import { type Answer, isKept } from './answer.ts';
import { AnswerDraft } from './answer-draft.ts';
import { claimOf } from './idempotency-key.ts';
import type { ResourceSteps } from './keyed-answers.ts';

/** Wraps the handler of each route with `config.idempotent`. */
export function honourIdempotencyKeys(http: FastifyInstance): void {
  http.addHook('onRoute', (route) => {
    const { idempotent, access } = route.config ?? {};
    if (idempotent === true && access === 'public') {
      throw new Error(
        `${route.method} ${route.url} is public: its idempotent must be a function that tells the caller.`,
      );
    }
    if (idempotent === true || typeof idempotent === 'function') route.handler = answeredOnce(route);
  });
  http.addHook('onSend', async ({ exchange }, reply) => {
    if (exchange.replayed) reply.header('idempotency-replayed', 'true');
  });
}

const ownerOfToken = (request: FastifyRequest): string => request.caller.id;

function answeredOnce(route: RouteOptions): RouteHandlerMethod {
  const { handler } = route;
  const idempotent = route.config?.idempotent;
  const callerOf = typeof idempotent === 'function' ? idempotent : ownerOfToken;
  return async function answered(this: FastifyInstance, request, reply) {
    const answers = request.server.keyedAnswers;
    const claim = answers && claimOf(request, callerOf);
    if (!claim) return handler.call(this, request, reply);
    const run = async () => {
      const draft = new AnswerDraft(reply);
      return draft.answer(await handler.call(this, request, draft.reply));
    };
    return sendAnswer(reply, await answers.answer(claim, { run, refusal: (error) => keptRefusal(request, error) }));
  };
}

/**
 * For a handler that calls the outside world between two transactions (route `idempotent: 'by-resource'`). The first
 * request with a key runs `start` and `finish`; every later one runs `replay` with the id that `start` has answered.
 */
export async function answerOnce<Result>(request: FastifyRequest, steps: ResourceSteps<Result>): Promise<Result> {
  const answers = request.server.keyedAnswers;
  if (!answers) return steps.finish(await steps.start());
  const claim = claimOf(request, ownerOfToken);
  if (!claim) return answers.withoutKey(steps);
  const { result, written } = await answers.begin(claim, steps, (error) => keptRefusal(request, error));
  request.exchange.replayed = written !== undefined;
  request.exchange.written.push(...(written ?? []));
  return result;
}

/** The answer to a refusal, where it is one to be kept. */
function keptRefusal(request: FastifyRequest, error: unknown): Answer | undefined {
  const refusal = refusalOf(request.server.translateError(error));
  if (!isKept(refusal.status)) return undefined;
  const payload = toProblem(refusal, pathOf(request), request.exchange.context.trace.traceId);
  return { status: refusal.status, headers: PROBLEM_HEADERS, payload };
}

/** Sends an answer that was made before its commit, or on an earlier day. */
export function sendAnswer(reply: FastifyReply, { status, headers, payload }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(payload);
}
