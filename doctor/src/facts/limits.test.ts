import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';
import { contractsBaseline } from '../rules/contracts.ts';

const PATH = 'contracts/src/parcel.ts';
const ARCHITECTURE = { 'architecture.json': JSON.stringify({ services: ['services/*'], contracts: ['contracts'] }) };

/** What breaks when a schema of zod changes, against the baseline that the doctor itself has written. */
function brokenBy(before: string, after: string): string[] {
  const text = (schema: string) => `import { z } from 'zod';\nexport const Parcel = z.object({ a: ${schema} });\n`;
  const system = 'fastify-shop';
  const baseline = withMutant({ system, edits: { ...ARCHITECTURE, [PATH]: text(before) } }, (root) =>
    contractsBaseline(readSystem(root)),
  );
  const edits = { ...ARCHITECTURE, [PATH]: text(after), 'contracts.baseline.json': baseline };
  return withMutant({ system, edits }, (root) =>
    diagnose({ system: readSystem(root) })
      .findings.filter(({ rule }) => rule === 'contracts')
      .map(({ what }) => what.replace('Parcel breaks: a is bound more tightly: ', '')),
  );
}

test('limits of zod are read from its chains', () => {
  const changes: readonly (readonly [before: string, after: string, broken: readonly string[]])[] = [
    ['z.string().min(1).max(200)', 'z.string().min(1).max(200)', []],
    ['z.string().max(200)', 'z.string().max(80).trim()', ['max was 200, and is 80']],
    ['z.string()', 'z.string().email().optional()', ['format is new, and is email']],
    ['z.string().email()', 'z.email()', []],
    ['z.uuid()', 'z.string().uuid()', []],
    ['z.number().positive()', 'z.number().nonnegative()', []],
    ['z.number().lt(10)', 'z.number().max(10)', []],
    ['z.number().min(0)', 'z.number().positive()', ['above is new, and is 0']],
    ['z.string()', 'z.string().regex(/^[A-Z]+$/)', ['pattern is new, and is ^[A-Z]+$']],
    ['z.number().int()', 'z.number().int().positive()', ['above is new, and is 0']],
    ['z.number().gte(-5)', 'z.number().gte(-1)', ['min was -5, and is -1']],
    ['z.number().gte(-1)', 'z.number().gte(-5)', []],
    ['z.number().max(9)', 'z.number().max(MOST)', []],
    ['z.array(z.string())', 'z.array(z.string()).nonempty()', ['min is new, and is 1']],
    ['z.string().length(3)', 'z.string().length(2)', ['max was 3, and is 2']],
    ['z.union([z.string(), z.number()])', 'z.union([z.string().min(1), z.number()])', []],
  ];
  for (const [before, after, broken] of changes) {
    const optional = after.endsWith('.optional()') ? ['Parcel breaks: a was required, and is optional'] : [];
    deepStrictEqual(brokenBy(before, after), [...optional, ...broken], `${before} becomes ${after}`);
  }
});
