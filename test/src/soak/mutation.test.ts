import { deepStrictEqual, ok } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { MUTANTS } from '../mutation/mutants.ts';
import { BrokenCopy, type Catch } from '../mutation/mutation-run.ts';
import { PAGE, pageOf } from '../mutation/page.ts';

const AT_ONCE = 2;
const DETECTORS = [...new Set(MUTANTS.map(({ by }) => by))];

describe('the kit, broken in one way at a time', { skip: databaseMissing, concurrency: AT_ONCE }, () => {
  const caught = new Map<string, Catch>();
  const copies: BrokenCopy[] = [];
  before(() => {
    for (let made = 0; made < AT_ONCE; made++) copies.push(new BrokenCopy(process.env['TEST_DATABASE_URL']!));
  });
  after(() => {
    for (const copy of copies) copy.remove();
    if (process.env['MUTATION_PAGE'] === 'write') writeFileSync(PAGE, pageOf(caught));
  });

  /** Each copy is in one hand at a time. */
  async function withCopy<T>(work: (copy: BrokenCopy) => Promise<T>): Promise<T> {
    const copy = copies.pop()!;
    return work(copy).finally(() => copies.push(copy));
  }

  for (const detector of DETECTORS) {
    test(`nothing is noticed by ${detector} while all is whole`, async () =>
      deepStrictEqual(await withCopy((copy) => copy.look(detector)), undefined));
  }

  for (const mutant of MUTANTS) {
    test(`it is noticed when ${mutant.what}`, async (t) => {
      const found = await withCopy((copy) => copy.catch(mutant));
      ok(found, 'Nobody notices.');
      caught.set(mutant.what, found);
      t.diagnostic(`${mutant.by}: ${found.words}`);
    });
  }
});
