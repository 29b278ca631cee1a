import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { renaming, SAMPLE, type ServiceNames } from './names.ts';

/** Texts by their paths from the root of the repository. */
export type Texts = ReadonlyMap<string, string>;

const DIRECTORY = join(import.meta.dirname, '..', '..', 'templates', 'service');

export function readTemplate(): Texts {
  const paths = globSync('**/*.{ts,json,sql}', { cwd: DIRECTORY }).map((path) => path.split(sep).join('/'));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(DIRECTORY, path), 'utf8')]));
}

export function render(template: Texts, names: ServiceNames): Texts {
  const rename = renaming(names);
  return new Map([...template].map(([path, text]) => [rename(path), rename(text)]));
}

const SAMPLES = new RegExp(
  Object.values(SAMPLE)
    .flatMap(({ camel, pascal }) => [camel, pascal])
    .join('|'),
);
const NOT_CODE = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'/g;

/** Identifiers that the new names make, and that the code around them needs for something else already. */
export function clashes(template: Texts, names: ServiceNames): readonly string[] {
  const rename = renaming(names);
  const found = [...template].flatMap(([path, text]) => {
    if (!path.endsWith('.ts')) return [];
    const words = new Set(text.replaceAll(NOT_CODE, "''").match(/[A-Za-z_$][\w$]*/g));
    const made = [...words].filter((word) => SAMPLES.test(word)).map(rename);
    const others = new Set([...words].filter((word) => !SAMPLES.test(word)));
    return made.filter((word, at) => others.has(word) || made.indexOf(word) !== at);
  });
  return [...new Set(found)].sort();
}
