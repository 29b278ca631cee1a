import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { findSagas, generatedPages, sagaFiles, sagaVersions } from '@ashlar/cli';
import { checkSaga, recordOf, stepsOf, strandings } from '@ashlar/saga';

const root = resolve(import.meta.dirname, '..', '..', '..');
const sagas = await findSagas();

test('every *.saga.ts exports a saga', () => {
  const files = sagaFiles();
  ok(files.length >= 2, files.join());
  deepStrictEqual(
    files.filter((file) => !sagas.some((saga) => saga.file === file)),
    [],
  );
});

for (const { name, style, definition, reactions } of sagas) {
  test(`promise 5: the ${style} ${name} ends with all done or all undone on every way through it`, (t) => {
    const { flaws, states, moves, endings } = checkSaga(definition, reactions && { reactions });
    for (const { steps, diagram } of flaws) t.diagnostic([...steps, diagram].join('\n'));
    deepStrictEqual(
      flaws.map(({ flaw }) => flaw),
      [],
    );
    t.diagnostic(`${states} states, ${moves} moves; ends ${endings.join(', ')}`);
  });
}

test('no saga that may be running is stranded by a change of its definition', () => {
  const now = sagas.map(({ definition }) => recordOf(definition));
  ok(sagaVersions().length >= 2);
  deepStrictEqual(strandings(sagaVersions(), now), []);
});

test('both styles of a saga have the same steps, answered and explained alike', () => {
  const meaningOf = (style: string) =>
    sagas
      .filter((saga) => saga.style === style)
      .map(({ name, definition }) => [
        name,
        stepsOf(definition).map(({ name: step, kind, done, refused, undone, reason, timedOut }) =>
          [step, kind, done?.type, refused?.type, undone?.type, reason, timedOut].join(),
        ),
      ]);
  deepStrictEqual(meaningOf('choreography'), meaningOf('orchestration'));
});

test('a choreography is checked against the policies that run it', () => {
  const { definition, reactions = [] } = sagas.find(({ style }) => style === 'choreography')!;
  const deaf = reactions.filter(({ upon }) => !upon.includes('inventory.StockRejected.v1'));
  strictEqual(deaf.length, reactions.length - 1);
  const [found] = checkSaga(definition, { reactions: deaf, stopAtFirst: true }).flaws;
  strictEqual(found?.law, 'silence');
  ok(found.flaw.endsWith('the saga waits all the same: "reserve payment" is compensating.'), found.flaw);
});

test('the pages that are made are as the definitions are now; npm run docs makes them anew', async () => {
  for (const [path, text] of await generatedPages()) {
    ok(existsSync(join(root, path)), `${path} is missing`);
    strictEqual(readFileSync(join(root, path), 'utf8'), text, path);
  }
});
