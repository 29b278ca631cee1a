import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** So many files share a process: starting one costs half a second of CPU, and more would make it the last to end. */
const FILES_A_GROUP = 20;

/** A hook of a file would be one of its whole process; so would a mocked clock, or a changed environment. */
const NEEDS_ITS_OWN_PROCESS = new RegExp(
  [
    String.raw`^(?:before|after|beforeEach|afterEach)\(`,
    String.raw`process\.(?:env\[[^\]]+\] =|exit|chdir)`,
    String.raw`mock\.(?:timers|method)`,
  ].join('|'),
  'm',
);

/**
 * Test files of one workspace, run in one process: answers the files to hand to the runner. A test is told with its own
 * file and line all the same.
 */
export function group(files: readonly string[], { root, directory }: { root: string; directory: string }): string[] {
  const alone: string[] = [];
  const byWorkspace = new Map<string, string[]>();
  for (const file of files) {
    const workspace = file.split('/dist/')[0]!;
    if (workspace === 'test' || NEEDS_ITS_OWN_PROCESS.test(readFileSync(join(root, file), 'utf8'))) alone.push(file);
    else byWorkspace.set(workspace, [...(byWorkspace.get(workspace) ?? []), file]);
  }
  mkdirSync(directory, { recursive: true });
  const groups = [...byWorkspace].flatMap(([workspace, members]) =>
    inEqualParts(members).map((part, n) => ({ name: `${workspace.replaceAll('/', '-')}-${n + 1}`, part })),
  );
  return [
    ...alone,
    ...groups.map(({ name, part }) => {
      const path = join(directory, `${name}.test.mjs`);
      writeFileSync(path, part.map((file) => `import '${pathToFileURL(join(root, file)).href}';\n`).join(''));
      return path;
    }),
  ];
}

function inEqualParts(files: readonly string[]): string[][] {
  const parts: string[][] = Array.from({ length: Math.ceil(files.length / FILES_A_GROUP) }, () => []);
  for (const [at, file] of files.entries()) parts[at % parts.length]!.push(file);
  return parts;
}
