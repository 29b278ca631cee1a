import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { PROBLEM_HEADERS, refusalOf, toProblem } from '../problem.ts';
import { pathOf } from '../request-path.ts';
import { type Answer, isKept } from './answer.ts';
import { AnswerDraft } from './answer-draft.ts';
import { type CallerOf, claimOf } from './idempotency-key.ts';
import type { ResourceSteps } from './keyed-answers.ts';

/** Wraps the handler of each route with `config.idempotent`. */
export function honourIdempotencyKeys(http: FastifyInstance): void {
  http.addHook('onRoute', (route) => {
    const { idempotent, access, about } = route.config ?? {};
    if (idempotent === true && access === 'public') {
      throw new Error(
        `${route.method} ${route.url} is public: its idempotent must be a function that tells the caller.`,
      );
    }
    if (idempotent === undefined) return;
    if (about && http.keyedAnswers?.seals === false) {
      throw new Error(
        `${route.method} ${route.url} answers with personal data, and there is nothing to seal them with.`,
      );
    }
    const answered = answeredOnce(route.handler, typeof idempotent === 'function' ? idempotent : ownerOfToken);
    route.handler = idempotent === 'by-resource' ? onlyIfInvalid(answered, route.handler) : answered;
    if (typeof idempotent !== 'function') route.attachValidation = true;
  });
  http.addHook('onSend', async ({ exchange }, reply) => {
    if (exchange.replayed) reply.header('idempotency-replayed', 'true');
  });
}

const ownerOfToken = (request: FastifyRequest): string => request.caller.id;

/** A request that does not fit its schema is refused in place of its handler, so that its refusal is kept as well. */
function answeredOnce(handler: RouteHandlerMethod, callerOf: CallerOf): RouteHandlerMethod {
  return async function answered(this: FastifyInstance, request, reply) {
    const handle = async (to: FastifyReply): Promise<unknown> => {
      const invalid = request.invalid ?? request.validationError;
      if (invalid) throw invalid;
      return handler.call(this, request, to);
    };
    const answers = request.server.keyedAnswers;
    const claim = answers && (await claimOf(request, callerOf));
    if (!claim) return handle(reply);
    const run = async () => {
      const draft = new AnswerDraft(reply);
      return draft.answer(await handle(draft.reply));
    };
    const refusal = (error: unknown) => keptRefusal(request, error);
    const { about } = request.routeOptions.config;
    return sendAnswer(reply, await answers.answer(claim, { run, refusal, ...(about && { about }) }));
  };
}

/** A handler that calls `answerOnce` itself gets only what fits its schema. */
const onlyIfInvalid = (refuse: RouteHandlerMethod, handler: RouteHandlerMethod): RouteHandlerMethod =>
  function checked(this: FastifyInstance, request, reply) {
    return (request.validationError ? refuse : handler).call(this, request, reply);
  };

/**
 * For a handler that calls the outside world between two transactions (route `idempotent: 'by-resource'`). The first
 * request with a key runs `start` and `finish`; every later one runs `replay` with the id that `start` has answered.
 */
export async function answerOnce<Result>(request: FastifyRequest, steps: ResourceSteps<Result>): Promise<Result> {
  const answers = request.server.keyedAnswers;
  if (!answers) return steps.finish(await steps.start());
  const claim = await claimOf(request, ownerOfToken);
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
