import { ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { MUTANTS } from '../mutation/mutants.ts';
import { BrokenCopy } from '../mutation/mutation-run.ts';

describe('the kit, broken in one way at a time', { skip: databaseMissing }, () => {
  let copy: BrokenCopy;
  before(() => {
    copy = new BrokenCopy(process.env['TEST_DATABASE_URL']!);
  });
  after(() => copy.remove());

  for (const mutant of MUTANTS) {
    test(`it is noticed when ${mutant.what}`, async (t) => {
      const caught = await copy.catch(mutant);
      ok(caught, 'Nobody notices.');
      t.diagnostic(`${caught.by}: ${caught.words}`);
    });
  }
});
