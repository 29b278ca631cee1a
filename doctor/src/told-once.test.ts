import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from './diagnosis.ts';
import { withMutant } from './fixtures/mutation.fixtures.ts';
import { readSystem } from './model/system.ts';
import type { Rule } from './rules/rule.ts';

const saying = (predicate: string): Rule => ({
  id: 'health',
  title: '',
  items: ['health'],
  severity: 'error',
  why: '',
  mend: '',
  judge: () => ({
    judged: [],
    unknown: [],
    findings: ['cart', 'offer'].map((subject) => ({
      subject,
      what: `${subject} ${predicate}`,
      evidence: [{ file: 'kit/server.ts', line: 1, text: 'shared' }],
    })),
  }),
});

test('what is told of several services is told in the plural', () => {
  const what = (predicate: string) =>
    diagnose({ system: undefined }, [saying(predicate)]).findings.map((one) => one.what);
  deepStrictEqual(what('has no health check'), ['cart and offer have no health check']);
  deepStrictEqual(what('publishes a message in two steps'), ['cart and offer publish a message in two steps']);
  deepStrictEqual(what('reads or writes a table'), ['cart and offer read or write a table']);
});

test('that three services have no health check is told once, with the place of each', () => {
  const none = `const app = require('express')();\napp.get('/things', (req, res) => res.json([]));\napp.listen(80);\n`;
  const names = ['alerts', 'billing', 'coupons'];
  const edits = Object.fromEntries(
    names.flatMap((name) => [
      [`services/${name}/package.json`, `{ "name": "${name}", "dependencies": { "express": "*" } }`],
      [`services/${name}/index.js`, none],
    ]),
  );
  const judged = (root: string) => diagnose({ system: readSystem(root) }).findings;
  const findings = withMutant({ system: 'express-shop', edits }, judged);
  const told = findings.filter(({ rule }) => rule === 'health');
  deepStrictEqual(
    told.map(({ what, evidence }) => [what, evidence.length]),
    [['alerts, billing and coupons have no health check', 3]],
  );
});
