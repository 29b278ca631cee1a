import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Texts } from './template.ts';

const KNOWN = /\.(ts|mjs|json)$/;

/** The texts as Biome writes them by the rules of this repository; where it cannot, as they are. */
export function formatted(texts: Texts, root: string): Texts {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-format-'));
  try {
    copyFileSync(join(root, 'biome.json'), join(directory, 'biome.json'));
    for (const [path, text] of texts) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    spawnSync(process.execPath, [biome, 'check', '--write', '.'], { cwd: directory, stdio: 'ignore' });
    const read = (path: string) => readFileSync(join(directory, path), 'utf8');
    return new Map([...texts].map(([path, text]) => [path, KNOWN.test(path) ? read(path) : text]));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What was formatted before is formatted again; what its authors write otherwise stays otherwise. */
export function formattedAsBefore(after: Texts, before: Texts, root: string): Texts {
  const all = new Map([
    ...[...before].map(([path, text]) => [`before/${path}`, text] as const),
    ...[...after].map(([path, text]) => [`after/${path}`, text] as const),
  ]);
  const written = formatted(all, root);
  return new Map(
    [...after].map(([path, text]) => {
      const wasFormatted = written.get(`before/${path}`) === before.get(path);
      return [path, wasFormatted ? written.get(`after/${path}`)! : text];
    }),
  );
}
