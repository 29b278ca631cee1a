import { deepStrictEqual, match, strictEqual, throws } from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DataDirectory, DataDirectoryError } from './data-directory.ts';
import { explain } from './explain.ts';

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-data-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('a data directory is made with its parents, and taken as it is where it is there', (t) => {
  const path = join(aDirectory(t), 'a', 'b');
  const made = new DataDirectory(path).namespace(undefined);
  strictEqual(new DataDirectory(path).namespace(undefined), made);
});

test('a password that was made is shown once, and then where it is kept; a given one is neither', (t) => {
  const directory = new DataDirectory(aDirectory(t));
  const { password, told } = directory.administrator('admin@ashlar.local', undefined);
  strictEqual(told, `admin@ashlar.local / ${password} (shown once; kept in admin.json)`);
  const again = directory.administrator('admin@ashlar.local', undefined);
  deepStrictEqual([again.password, again.told], [password, 'admin@ashlar.local (the password is in admin.json)']);
  strictEqual(directory.administrator('me@example.org', 'a password of mine').told, 'me@example.org');
});

test('where no data directory can be made, one line says so', (t) => {
  const file = join(aDirectory(t), 'file');
  writeFileSync(file, '');
  // The file system of the processes has the parent, and says that it is not there.
  const refusing = existsSync('/proc/self') ? ['/proc/ashlar'] : [];
  for (const path of [file, join(file, 'below'), ...refusing]) {
    throws(
      () => new DataDirectory(path),
      (error) => {
        const lines = explain(error);
        strictEqual(lines.length, 1);
        match(lines[0]!, /^ashlar: the data directory cannot be made \(.+\): choose another one with --data\.$/);
        return error instanceof DataDirectoryError;
      },
    );
  }
});

test('a full disk is told in one line, whoever has met it', () => {
  for (const code of ['ENOSPC', '53100']) {
    const lines = explain(Object.assign(new Error('No space left on device'), { code }));
    deepStrictEqual(lines, [
      'ashlar: the disk is full (No space left on device): make room, or choose another place with --data.',
    ]);
  }
});
