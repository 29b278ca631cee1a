import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example runs and shows what it says', async () => {
  const example = fileURLToPath(new URL('../example/greetings.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  deepStrictEqual(stdout.trim().split('\n'), [
    'flowchart LR',
    '  door([door])',
    '  host([host])',
    '  door -->|"GuestCame"| host',
    '✔ door.GuestCame.v1/data/coat: optional field added',
    '    was not there',
    '    is  {"type":"string"}',
    '    Every reader of the recorded event understands this one.',
    '✖ door.GuestCame.v1/data/name: field removed',
    '    was {"type":"string"}',
    '    is  not there',
    '    Whoever reads this field no longer finds it.',
    '    → Keep this version, and publish the next one (…v2) beside it until nobody reads the old one.',
    '✖ door.GuestCame.v1/data/fullName: required field added',
    '    was not there',
    '    is  {"type":"string"}',
    '    Messages that were said before (outbox, broker, parking lot) no longer keep the contract.',
    '    → Keep this version, and publish the next one (…v2) beside it until nobody reads the old one.',
  ]);
});
