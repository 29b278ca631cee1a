import type { Answer } from '@ashlar/cli';
import { describeSystem } from '@ashlar/cli';
import type { JsonObject } from '@ashlar/published-language';
import { Compile } from 'typebox/schema';

interface Media {
  readonly schema?: JsonObject;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
  readonly 'x-problem-codes'?: readonly string[];
}

/** One answer that the description of a service tells of. */
interface DescribedAnswer {
  readonly codes: readonly string[];
  /** What is wrong with a body, in words; nothing where it keeps its schema. */
  wrong(mediaType: string, body: unknown): string | undefined;
}

interface OpenApi {
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Readonly<Record<string, Response>> }>>>>;
}

/** The answers of all services, by call (`GET /v1/orders/:id`) and status. */
export type DescribedAnswers = ReadonlyMap<string, ReadonlyMap<string, DescribedAnswer>>;

/** What the services say about their answers, taken from what would run. */
export async function describedAnswers(): Promise<DescribedAnswers> {
  const documents = (await describeSystem()).map(({ openApi }) => openApi as unknown as OpenApi);
  const calls = documents.flatMap((document) =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => {
        const name = `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
        const answers = Object.entries(responses).map(
          ([status, given]) => [status, answerOf(document, given)] as const,
        );
        return [name, new Map(answers)] as const;
      }),
    ),
  );
  return new Map(calls);
}

function answerOf(document: OpenApi, given: Response): DescribedAnswer {
  const response = given.$ref ? document.components.responses[given.$ref.split('/').at(-1)!]! : given;
  const validators = new Map(
    Object.entries(response.content ?? {}).map(([type, { schema }]) => {
      return [type, Compile({ ...schema, components: document.components } as never)] as const;
    }),
  );
  return {
    codes: response['x-problem-codes'] ?? [],
    wrong(mediaType, body) {
      if (validators.size === 0) return body === undefined ? undefined : 'has a body';
      const validator = validators.get(mediaType);
      if (!validator) return `is ${mediaType || 'nothing'}, and not ${[...validators.keys()].join(' or ')}`;
      if (validator.Check(body)) return undefined;
      return JSON.stringify(validator.Errors(body)).slice(0, 400);
    },
  };
}

/** What is wrong with an answer by the description of its call; nothing where the call is none of a service. */
export function descriptionFaults(
  described: DescribedAnswers,
  call: string,
  { status, headers, body, text }: Answer<unknown>,
): string[] {
  const answers = described.get(call);
  if (!answers) return [];
  const answer = answers.get(String(status)) ?? (status >= 400 ? answers.get('default') : undefined);
  if (!answer) return [`${status} is not described`];
  const mediaType = headers['content-type']?.split(';')[0] ?? '';
  const wrong = answer.wrong(mediaType, text === '' ? undefined : body);
  return wrong === undefined ? [] : [`the description says otherwise: ${wrong}`];
}
