import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Texts } from './template.ts';

const FOLDER = 'deploy/kubernetes';
const MAKER = 'deploy/check/files.mjs';

/** What `deploy/check` makes of its tables as they are now; nothing where it cannot. */
export function kubernetesFiles(root: string): Texts | undefined {
  if (!existsSync(join(root, MAKER))) return undefined;
  const url = pathToFileURL(join(root, MAKER)).href;
  const program = `import { files } from ${JSON.stringify(url)}; console.log(JSON.stringify(files));`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const files = Object.entries(JSON.parse(stdout) as Record<string, string>);
  return new Map(files.map(([name, text]) => [`${FOLDER}/${name}`, text]));
}

/** Whether they are on the disk as they are made: nobody has changed them by hand. */
export const areCurrent = (files: Texts, root: string): boolean =>
  [...files].every(([path, text]) => existsSync(join(root, path)) && readFileSync(join(root, path), 'utf8') === text);
