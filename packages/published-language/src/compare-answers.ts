import { breaking, fine, notUnderstood } from './breach.ts';
import type { Change } from './change.ts';
import type { Part } from './compare-open-api.ts';
import { compareSchemas } from './compare-schemas.ts';
import { type Json, listOf, objectOf, resolved } from './json.ts';

/** The answers of one call, by status. */
export function compareAnswers({ was, is, documents, at }: Part): Change[] {
  const statuses = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return statuses.flatMap((status) => {
    const place = `${at} ${status}`;
    const described = { at: place, was: was[status] && status, is: is[status] && status };
    if (!is[status]) return [breaking({ kind: 'status removed', ...described, ...AWAITED })];
    if (!was[status]) return [addedStatus(status, Object.keys(was), described)];
    const [before, after] = [resolved(documents.was, was[status]), resolved(documents.is, is[status])];
    return compareAnswer({ was: objectOf(before), is: objectOf(after), documents, at: place });
  });
}

const AWAITED = {
  why: 'Whoever waits for this status no longer meets it.',
  remedy: 'Answer as before; what is new goes to another path.',
};

/** A new refusal is one of those that `default` or the range told of; a new success is none that anybody knows. */
function addedStatus(status: string, known: readonly string[], described: Pick<Change, 'at' | 'was' | 'is'>): Change {
  const isRefusal = /^[45]|^default$/.test(status);
  const isTold = known.includes(`${status[0]}XX`) || (isRefusal && (known.includes('default') || status === 'default'));
  const added = { kind: 'status added', ...described };
  if (isTold) return fine(added);
  const why = 'Clients do not know this status, and take it for a failure or for what it is not.';
  return breaking({ ...added, why, remedy: 'Answer with a status that is described, or add another path.' });
}

function compareAnswer(part: Part): Change[] {
  const { was, is, at } = part;
  return [
    ...compareContents(part),
    ...compareHeaders(part),
    ...compareCodes(part),
    ...notUnderstood({ was, is, at }, ['content', 'headers']),
  ];
}

function compareContents({ was, is, documents, at }: Part): Change[] {
  const [before, after] = [objectOf(was['content']), objectOf(is['content'])];
  const types = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return types.flatMap((type) => {
    const [one, other] = [objectOf(before[type]), objectOf(after[type])];
    const described = { at: `${at} ${type}`, was: before[type] && type, is: after[type] && type };
    if (!after[type]) return [breaking({ kind: 'media type removed', ...described, ...UNSENT })];
    if (!before[type]) return [fine({ kind: 'media type added', ...described })];
    const schemas = { was: one['schema'], is: other['schema'], documents, direction: 'response', at } as const;
    return [
      ...compareSchemas(schemas),
      ...notUnderstood({ was: one, is: other, at: described.at }, ['schema', 'example', 'examples']),
    ];
  });
}

const UNSENT = { why: 'Whoever reads this media type gets none of it any more.', remedy: 'Go on answering with it.' };

function compareHeaders({ was, is, documents, at }: Part): Change[] {
  const [before, after] = [objectOf(was['headers']), objectOf(is['headers'])];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const place = `${at} header ${name}`;
    const described = { at: place, was: before[name], is: after[name] };
    if (!after[name]) return [breaking({ kind: 'header removed', ...described, ...UNSET })];
    if (!before[name]) return [fine({ kind: 'header added', ...described })];
    const [one, other] = [
      objectOf(resolved(documents.was, before[name])),
      objectOf(resolved(documents.is, after[name])),
    ];
    const isLess = one['required'] === true && other['required'] !== true;
    const schemas = { was: one['schema'], is: other['schema'], documents, direction: 'response', at: place } as const;
    return [
      ...(isLess ? [breaking({ kind: 'header became optional', ...described, ...UNSET })] : []),
      ...compareSchemas(schemas),
      ...notUnderstood({ was: one, is: other, at: place }, ['schema', 'required']),
    ];
  });
}

const UNSET = { why: 'Whoever reads this header no longer finds it.', remedy: 'Go on sending it.' };

/** The words of a problem that programs act upon. */
export const PROBLEM_CODES = 'x-problem-codes';

function compareCodes({ was, is, at }: Part): Change[] {
  const [before, after] = [listOf(was[PROBLEM_CODES]), listOf(is[PROBLEM_CODES])];
  const place = (code: Json) => `${at} ${String(code)}`;
  return [
    ...before
      .filter((code) => !after.includes(code))
      .map((code) => breaking({ kind: 'problem removed', at: place(code), was: code, is: undefined, ...ACTED_UPON })),
    ...after
      .filter((code) => !before.includes(code))
      .map((code) => fine({ kind: 'problem added', at: place(code), was: undefined, is: code })),
  ];
}

const ACTED_UPON = {
  why: 'Programs that act upon this code of a problem no longer meet it.',
  remedy: 'Go on answering with it, and add other codes beside it.',
};
