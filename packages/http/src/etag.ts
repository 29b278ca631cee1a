import { DomainError } from '@ashlar/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A strong entity tag of a version. */
export const etagOf = (version: number | string): string => `"${version}"`;

/** Answers with the body and its tag, or with 304 where the client has this version already (`If-None-Match`). */
export function sendWithEtag<Reply extends Sends>(
  request: FastifyRequest,
  given: Reply,
  { version, body }: { readonly version: number | string; readonly body: Parameters<Reply['send']>[0] },
): Reply {
  const reply = given as unknown as FastifyReply;
  const tag = etagOf(version);
  reply.header('etag', tag);
  const known = request.headers['if-none-match'];
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (reads && known !== undefined && tagsOf(known).some((one) => one === '*' || one.replace(/^W\//, '') === tag)) {
    return reply.code(304).send() as unknown as Reply;
  }
  return reply.send(body) as unknown as Reply;
}

/** The reply of a route, whatever its schema lets it send. */
interface Sends {
  send(...body: never[]): unknown;
}

/** Refuses with 412 where the client would change another version than the one it knows; fine without `If-Match`. */
export function requireIfMatch(request: FastifyRequest, version: number | string): void {
  const expected = request.headers['if-match'];
  if (expected === undefined) return;
  if (tagsOf(expected).some((tag) => tag === '*' || tag === etagOf(version))) return;
  throw new DomainError('precondition_failed', 'precondition', 'It has changed since; read it again.');
}

const TAG = /(?:W\/)?"[!#-~\x80-\xff]*"/g;

/** No header can hold it. */
const ONE_TAG = '\0';

/** Entity tags may hold commas, so the list is not simply split. What is neither a list nor a star has no tag. */
function tagsOf(header: string): string[] {
  if (header.trim() === '*') return ['*'];
  const parts = header.replaceAll(TAG, ONE_TAG).split(',');
  const isList = parts.every((part) => ['', ONE_TAG].includes(part.trim()));
  return isList ? (header.match(TAG) ?? []) : [];
}
