import { isUtf8 } from 'node:buffer';
import { DomainError } from '@ashlar/domain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { InvalidRequestError } from './invalid-request.ts';

/** How deep a body may be nested: no schema of ours goes near it. */
const DEEPEST = 64;

/** Bodies are JSON only. An empty one is no body, whatever its content type says. */
export function readJsonBodies(http: FastifyInstance): void {
  const parse = http.getDefaultJsonParser('error', 'error');
  http.removeAllContentTypeParsers();
  http.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done) => {
      if (body.length === 0) return done(null, undefined);
      if (!isUtf8(body)) return done(malformedJson());
      const text = body.toString('utf8');
      parse(request, text, (error, value: unknown) => done(error ? unreadable(text) : unstorable(text, value), value));
    },
  );
}

/** The parser refuses what is not JSON, and names by which JavaScript finds what an object inherits. */
function unreadable(text: string): DomainError {
  try {
    JSON.parse(text);
  } catch {
    return malformedJson();
  }
  return malformedJson('No field may be called __proto__, and no constructor may have a prototype.');
}

const malformedJson = (sentence = 'The body is not JSON.'): DomainError =>
  new DomainError('malformed_json', 'malformed', sentence);

/** PostgreSQL keeps neither NUL nor half a surrogate pair; in valid UTF-8 both can only come as an escape. */
function unstorable(text: string, value: unknown): Error | null {
  let open: { readonly path: string; readonly value: unknown }[] = [{ path: '', value }];
  const escaped = text.includes('\\u');
  for (let depth = 0; open.length > 0; depth++) {
    if (depth > DEEPEST) return new InvalidRequestError([{ path: '/', message: 'is nested too deep' }]);
    if (escaped) {
      const bad = open.find((part) => typeof part.value === 'string' && !isStorable(part.value));
      if (bad) return new InvalidRequestError([{ path: bad.path || '/', message: 'has characters that no text has' }]);
    }
    open = open.flatMap(({ path, value: part }) => partsOf(path, part, escaped));
  }
  return null;
}

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** Field names are looked at like values. */
function partsOf(path: string, value: unknown, names: boolean): { path: string; value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => {
    const at = `${path}/${name}`;
    return names && !Array.isArray(value)
      ? [
          { path, value: name },
          { path: at, value: part },
        ]
      : [{ path: at, value: part }];
  });
}
