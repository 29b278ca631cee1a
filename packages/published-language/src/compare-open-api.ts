import { type Breach, breaking, fine, notUnderstood } from './breach.ts';
import type { Change } from './change.ts';
import { compareAnswers } from './compare-answers.ts';
import { compareSchemas } from './compare-schemas.ts';
import { compareSecurity, compareSecuritySchemes } from './compare-security.ts';
import { type Json, type JsonObject, listOf, objectOf, resolved } from './json.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** Two versions of an API, each with the document that its references lead into. */
export interface Documents {
  readonly was: JsonObject;
  readonly is: JsonObject;
}

/** Two versions of a part of an API, and where it stands. */
export interface Part extends Documents {
  readonly documents: Documents;
  readonly at: string;
}

/** Every difference of two OpenAPI 3.1 documents, each with whom it breaks. */
export function compareOpenApi(was: JsonObject, is: JsonObject): Change[] {
  const [before, after] = [operationsOf(was), operationsOf(is)];
  const documents = { was, is };
  return [
    ...compareSecuritySchemes(documents),
    ...notUnderstood({ was, is, at: 'the document' }, DOCUMENT),
    ...[...before].flatMap(([at, operation]) => {
      const other = after.get(at);
      if (!other) return [breaking({ kind: 'call removed', at, was: at, is: undefined, ...CALL })];
      return compareOperations({ was: operation, is: other, documents, at });
    }),
    ...[...after.keys()]
      .filter((at) => !before.has(at))
      .map((at) => fine({ kind: 'call added', at, was: undefined, is: at })),
  ];
}

const DOCUMENT = ['openapi', 'info', 'paths', 'components', 'security', 'tags'];
const CALL = { why: 'Whoever makes this call is answered 404 or 405.', remedy: 'Keep it beside the new one.' };

/** Every call by method and path, parameters by their place: their names are no business of a client. */
function operationsOf(document: JsonObject): Map<string, JsonObject> {
  const paths = Object.entries(objectOf(document['paths']));
  return new Map(
    paths.flatMap(([path, item]) =>
      Object.entries(objectOf(item))
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]) => [
          `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`,
          {
            security: document['security'],
            ...ofThePath(objectOf(item)),
            ...objectOf(operation),
            parameters: parametersOf(path, item, operation),
          },
        ]),
    ),
  );
}

/** What a path says for all its calls, and is no call itself. */
const ofThePath = (item: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !METHODS.includes(name) && name !== 'parameters'));

function parametersOf(path: string, item: Json | undefined, operation: Json | undefined): Json[] {
  const places = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
  const all = [...listOf(objectOf(item)['parameters']), ...listOf(objectOf(operation)['parameters'])];
  return all.map((parameter) => {
    const given = objectOf(parameter);
    return given['in'] === 'path' ? { ...given, name: `{${places.indexOf(String(given['name'])) + 1}}` } : parameter;
  });
}

function compareOperations(part: Part): Change[] {
  const { was, is } = part;
  return [
    ...compareParameters(part),
    ...compareBodies({ ...part, was: bodyOf(part, 'was'), is: bodyOf(part, 'is'), at: `${part.at} body` }),
    ...compareAnswers({ ...part, was: objectOf(was['responses']), is: objectOf(is['responses']) }),
    ...compareSecurity(part),
    ...notUnderstood(part, OPERATION),
  ];
}

const OPERATION = ['parameters', 'requestBody', 'responses', 'security', 'tags', 'summary'];

const bodyOf = ({ documents, ...part }: Part, side: keyof Documents): JsonObject =>
  objectOf(resolved(documents[side], part[side]['requestBody']));

function compareParameters({ was, is, documents, at }: Part): Change[] {
  const [before, after] = [byPlace(documents.was, was), byPlace(documents.is, is)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) =>
    compareParameter({ was: before.get(name), is: after.get(name) }, { documents, at: `${at} ${name}` }),
  );
}

const byPlace = (document: JsonObject, operation: JsonObject): Map<string, JsonObject> =>
  new Map(
    listOf(operation['parameters']).map((given) => {
      const parameter = objectOf(resolved(document, given));
      const name = parameter['in'] === 'header' ? String(parameter['name']).toLowerCase() : parameter['name'];
      return [`${parameter['in']} ${name}`, parameter];
    }),
  );

interface Optional {
  readonly was: JsonObject | undefined;
  readonly is: JsonObject | undefined;
}

function compareParameter({ was, is }: Optional, { documents, at }: Pick<Part, 'documents' | 'at'>): Change[] {
  const asks: Breach = { kind: 'parameter became required', at, was, is, ...REFUSED };
  if (!is) return [breaking({ kind: 'parameter removed', at, was, is, ...IGNORED })];
  if (!was) {
    const added = { kind: 'parameter added', at, was, is };
    return [is['required'] === true ? breaking({ ...added, ...REFUSED }) : fine(added)];
  }
  const schemas = { was: was['schema'], is: is['schema'], documents, direction: 'request', at } as const;
  return [
    ...(is['required'] === true && was['required'] !== true ? [breaking(asks)] : []),
    ...compareSchemas(schemas),
    ...notUnderstood({ was, is, at }, PARAMETER),
  ];
}

const PARAMETER = ['name', 'in', 'required', 'schema', 'example', 'examples', 'deprecated'];
const REFUSED = {
  why: 'Whoever calls as before, without it, is refused.',
  remedy: 'Make it optional, with what was done until now as its default.',
};
const IGNORED = {
  why: 'Whoever sends it gets an answer that knows nothing of it.',
  remedy: 'Keep it, or add another path beside this one.',
};

function compareBodies({ was, is, documents, at }: Part): Change[] {
  const [before, after] = [objectOf(was['content']), objectOf(is['content'])];
  const [isNew, isGone] = [Object.keys(was).length === 0, Object.keys(is).length === 0];
  if (isNew && isGone) return [];
  const asks = { kind: 'body became required', at, was: was['required'], is: is['required'], ...REFUSED };
  if (isGone) return [breaking({ kind: 'body removed', at, was: Object.keys(before), is: undefined, ...IGNORED })];
  if (isNew && is['required'] !== true)
    return [fine({ kind: 'body added', at, was: undefined, is: Object.keys(after) })];
  return [
    ...(is['required'] === true && was['required'] !== true ? [breaking(asks)] : []),
    ...Object.keys(before).flatMap((type) => {
      const place = `${at} ${type}`;
      if (!after[type])
        return [breaking({ kind: 'media type removed', at: place, was: type, is: undefined, ...UNREAD })];
      const [one, other] = [objectOf(before[type]), objectOf(after[type])];
      const schemas = { was: one['schema'], is: other['schema'], documents, direction: 'request', at } as const;
      return [...compareSchemas(schemas), ...notUnderstood({ was: one, is: other, at: place }, MEDIA_TYPE)];
    }),
    ...Object.keys(after)
      .filter((type) => !isNew && !before[type])
      .map((type) => fine({ kind: 'media type added', at, was: undefined, is: type })),
    ...notUnderstood({ was, is, at }, ['content', 'required']),
  ];
}

const UNREAD = { why: 'Whoever sends it is answered 415.', remedy: 'Go on reading it.' };
const MEDIA_TYPE = ['schema', 'example', 'examples'];
