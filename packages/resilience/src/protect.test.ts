import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { protect } from './protect.ts';
import { UnavailableError } from './unavailable-error.ts';

const charge = async (card: string): Promise<{ status: 'completed' }> => {
  if (card === 'broken') throw new UnavailableError('cards', 'network');
  if (card === 'bug') throw new TypeError('a bug');
  return { status: 'completed' };
};

const deposit = protect(charge, {
  fallback: ({ reason }, card) => ({ status: 'pending', because: `${card}: ${reason}` }) as const,
});

test('without a failure the fallback is not asked', async () => {
  deepStrictEqual(await deposit('tok_visa'), { status: 'completed' });
});

test('the fallback answers for an unavailable dependency, and the types tell both answers', async () => {
  const answer: { status: 'completed' } | { status: 'pending'; because: string } = await deposit('broken');
  // @ts-expect-error: an answer may be the fallback's, and cannot be taken for the dependency's.
  const completed: { status: 'completed' } = answer;
  strictEqual(completed.status as string, 'pending');
  deepStrictEqual(answer, { status: 'pending', because: 'broken: network' });
});

test('a bug is not hidden by the fallback', async () => {
  await rejects(deposit('bug'), TypeError);
});
