import { deepStrictEqual, match, ok } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import AjvDraft04 from 'ajv-draft-04';
import { diagnose } from '../diagnosis.ts';
import { fixture, withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';
import { factsOf } from '../traces/traces.fixtures.ts';
import { BaselineError, knownFindings, readBaseline, writeBaseline } from './baseline.ts';
import { htmlReport } from './html.ts';
import { jsonReport } from './json.ts';
import { sarifReport } from './sarif.ts';
import { textReport } from './text.ts';

const doctor = resolve(import.meta.dirname, '..', '..');

/** A system with findings in files, a finding in traces, and an accepted one. */
const diagnosis = withMutant(
  {
    system: 'express-shop',
    edits: {
      'services/orders/src/catalog-client.js': ['breaker.fire(ids)', 'fetchProducts(ids)'],
      'services/orders/src/<b>.js': 'const carts = new Map();\nexports.put = (id, cart) => carts.set(id, cart);\n',
      'docker-compose.yml': [
        '    build: ./services/orders\n',
        '    build: ./services/orders\n    ports: ["3000:3000"]\n',
      ],
    },
  },
  (root) => {
    const calls = Array.from({ length: 6 }, () => ({ service: 'catalog', name: 'GET /products' }));
    return diagnose({ system: readSystem(root), traces: factsOf([{ service: 'orders', calls }]) });
  },
);

test('the text tells the worst first, with evidence, reason and mend, and what is known already', () => {
  const known = new Set([diagnosis.findings[0]!.fingerprint]);
  const text = textReport(diagnosis, { known });
  match(text, /✖ orders can be reached past the gateway.*\[gateway\] \(known\)\n {4}docker-compose\.yml:\d+ /);
  match(text, /why: .*\n {4}mend: /);
  match(text, /✖ Circuit breakers/);
});

test('what is found again and again is told of a few, the new ones first', () => {
  const [one] = diagnosis.findings;
  const many = Array.from({ length: 30 }, (_, at) => ({
    ...one!,
    what: `s${at} has it as well`,
    subject: `s${at}`,
    fingerprint: String(at).padStart(16, '0'),
  }));
  const known = new Set(many.slice(0, 28).map(({ fingerprint }) => fingerprint));
  const text = textReport({ ...diagnosis, findings: many }, { known });
  match(text, /^✖ s28 .*\n(.*\n){4}✖ s29 [\s\S]*✖ s5 .*\(known\)/m);
  match(text, /\n {2}and 22 more of \[gateway\]: s6, s7, /);
  ok(!text.includes('✖ s6 '));
  match(text, /\n30 errors, 0 warnings, 2 of the errors new against the baseline\.\n/);
  match(textReport({ ...diagnosis, findings: [one!] }), /\n1 error, 0 warnings\.\n/);
});

test('a terminal gets lines that fit, broken between words, and no commands by what it is told of', () => {
  const what = `${'word '.repeat(40)}\u001b[2J\u0007\nend`;
  const evidence = [{ file: 'a/'.repeat(60), line: 1, text: 'const one = two;' }];
  const findings = [{ ...diagnosis.findings[0]!, what, evidence }];
  const text = textReport({ ...diagnosis, findings }, { colours: true, width: 60 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what colours is one
  const lines = text.replaceAll(/\u001b\[\d+m/g, '').split('\n');
  deepStrictEqual(
    lines.filter((line) => line.length > 60 && !line.includes('a/a/')),
    [],
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
  ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(lines.join('\n')));
  match(text, /✖ word (word )*word\n {4}word/);
  match(text, / {4}why: {2}\S.*\n {10}\S/);
  deepStrictEqual(textReport({ ...diagnosis, findings }).match(/word/g)?.length, 40);
  match(textReport({ ...diagnosis, findings }), /^✖ (word ){40} \[2J end /m);
});

test('an item of which something was found has been judged', () => {
  const scores = diagnosis.scores.slice(0, 1).map((one) => ({
    ...one,
    status: 'doubtful' as const,
    score: undefined,
    judged: 0,
    findings: 1,
  }));
  match(textReport({ ...diagnosis, scores }), /▲ Clear boundaries +found 1×\n/);
  const card = /Clear boundaries<\/b><span class="figure">1×<\/span><small>doubtful<\/small>/;
  match(htmlReport({ ...diagnosis, scores }), card);
});

test('a place in SARIF is an address, whatever the file is called', () => {
  const evidence = Array.from({ length: 300 }, () => ({ file: 'a b/#1/[id]?.ts', line: 3, text: 'x' }));
  const findings = [{ ...diagnosis.findings[0]!, evidence }];
  const [result] = JSON.parse(sarifReport({ ...diagnosis, findings })).runs[0].results;
  deepStrictEqual(result.locations[0].physicalLocation.artifactLocation.uri, 'a%20b/%231/%5Bid%5D%3F.ts');
  // GitHub shows a hundred.
  deepStrictEqual(result.relatedLocations.length, 99);
});

test('JSON keeps its published schema', () => {
  const schema = JSON.parse(readFileSync(join(doctor, 'schema', 'report.schema.json'), 'utf8'));
  const validate = new Ajv2020({ strict: true }).compile(schema);
  ok(validate(JSON.parse(jsonReport(diagnosis))), JSON.stringify(validate.errors));
  ok(!validate({ version: 1 }));
});

interface SarifRun {
  readonly tool: { driver: { rules: { id: string }[] } };
  readonly results: {
    ruleId: string;
    ruleIndex: number;
    partialFingerprints: Record<string, string>;
    locations: [{ physicalLocation: { region: { startLine: number } } }];
  }[];
}

test('SARIF is valid by the official schema, and every result has a place, a rule and a fingerprint', () => {
  const schema = JSON.parse(readFileSync(join(doctor, 'fixtures', 'sarif', 'sarif-schema-2.1.0.json'), 'utf8'));
  const Ajv = AjvDraft04 as unknown as typeof AjvDraft04.default;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
  const log: { runs: [SarifRun] } = JSON.parse(sarifReport(diagnosis));
  ok(validate(structuredClone(log)), JSON.stringify(validate.errors));
  ok(!validate({ ...log, version: '1' }));
  const [{ results, tool }] = log.runs;
  deepStrictEqual(results.length, diagnosis.findings.length);
  for (const { locations, ruleId, ruleIndex, partialFingerprints } of results) {
    ok(locations[0].physicalLocation.region.startLine >= 1);
    deepStrictEqual(tool.driver.rules[ruleIndex]!.id, ruleId);
    match(partialFingerprints['ashlarDoctor/v1']!, /^[0-9a-f]{16}$/);
  }
});

test('what a baseline knows is not new, also after lines have moved', () => {
  const known = readBaseline(writeBaseline(diagnosis));
  ok(diagnosis.findings.every(({ fingerprint }) => known.has(fingerprint)));
  deepStrictEqual(readBaseline(jsonReport(diagnosis)), known);
  const edits = {
    'services/orders/src/catalog-client.js': [
      'exports.findProducts = (ids) => breaker.fire(ids)',
      '\n\nexports.findProducts = (ids) => fetchProducts(ids)',
    ],
  } as const;
  const [moved] = withMutant(
    { system: 'express-shop', edits },
    (root) => diagnose({ system: readSystem(root) }).findings,
  );
  ok(known.has(moved!.fingerprint));
});

test('what is found in a file that has moved is not new, and a second one is', () => {
  const [one, ...others] = diagnosis.findings;
  const [moved, second] = ['moved', 'second'].map((fingerprint) => ({ ...one!, fingerprint }));
  const freshIn = (findings: typeof diagnosis.findings): string[] => {
    const known = knownFindings(writeBaseline(diagnosis), { findings });
    return findings.map(({ fingerprint }) => fingerprint).filter((fingerprint) => !known.has(fingerprint));
  };
  deepStrictEqual(freshIn([moved!, ...others]), []);
  deepStrictEqual(freshIn([moved!, second!, ...others]), ['second']);
  deepStrictEqual(freshIn([one!, moved!, ...others]), ['moved']);
  deepStrictEqual(freshIn([{ ...moved!, what: 'something else' }, ...others]), ['moved']);
});

test('a baseline that is none is refused', () => {
  for (const text of ['', '{}', '{"findings":[{}]}']) {
    try {
      readBaseline(text);
      ok(false, text);
    } catch (error) {
      ok(error instanceof BaselineError);
    }
  }
});

test('the page asks for nothing from elsewhere, and what it tells is no markup', () => {
  const page = htmlReport(diagnosis);
  deepStrictEqual(page.match(/(src|href)=|<script|url\((?!#)/g), null);
  match(page, /services\/orders\/src\/&lt;b&gt;\.js/);
  ok(!page.includes('<b>.js'));
});

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
const browser = BROWSERS.find((name) => spawnSync(name, ['--version']).status === 0);

test('a real browser shows the page: map, scores and findings', {
  skip: browser ? false : 'there is no Chromium',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-page-'));
  try {
    const file = join(folder, 'report.html');
    writeFileSync(file, htmlReport(diagnosis));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`];
    const shown = execFileSync(browser!, [...flags, '--dump-dom', pathToFileURL(file).href], {
      encoding: 'utf8',
      timeout: 150_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const count = (pattern: RegExp): number => shown.match(pattern)?.length ?? 0;
    deepStrictEqual(count(/<article/g), diagnosis.findings.length);
    deepStrictEqual(count(/<g class="node/g), diagnosis.map.nodes.length);
    deepStrictEqual(count(/<li class="(holds|broken|doubtful|unknown)"/g), 12);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a clean system has twelve items, none of them broken', () => {
  const { scores } = diagnose({ system: readSystem(fixture('fastify-shop')) });
  deepStrictEqual(
    scores.map(({ status }) => status),
    Array(12).fill('holds'),
  );
});
