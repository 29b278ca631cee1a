import { posix } from 'node:path';
import { isTree, text } from './yaml-tree.ts';

/** Finds the folder that a `build` of compose makes an image from. */
export type BuildFolder = (file: string, build: unknown) => string | undefined;

/** One Dockerfile may build all services: then an argument or the stage tells whose image it is. */
export function buildFolders(files: readonly string[]): BuildFolder {
  const folders = new Set<string>();
  for (const file of files) {
    for (let at = posix.dirname(file); at !== '.' && !folders.has(at); at = posix.dirname(at)) folders.add(at);
  }
  const isOfOne = (folder: string): boolean =>
    files.includes(`${folder}/package.json`) || files.some((file) => ENTRY.test(file) && startsIn(file, folder));
  const named = (name: string, near: readonly string[]): string | undefined => {
    const beside = near
      .map((folder) => posix.join(folder, name))
      .find((folder) => folders.has(folder) && isOfOne(folder));
    if (beside !== undefined) return beside;
    const [first, ...others] = [...folders].filter((folder) => posix.basename(folder) === name && isOfOne(folder));
    return others.length === 0 ? first : undefined;
  };
  return (file, build) => {
    const context = typeof build === 'string' ? build : isTree(build) ? text(build['context'] ?? '.') : undefined;
    if (context === undefined) return undefined;
    const root = posix.normalize(posix.join(posix.dirname(file), context)).replace(/\/$/, '');
    if (!isTree(build)) return root === '.' ? undefined : root;
    const inside = posix.dirname(posix.normalize(text(build['dockerfile'] ?? '') || 'x'));
    const home = posix.join(root, inside);
    const names = namesIn(build);
    const told = names.map((name) => named(name, [root, home])).find((folder) => folder !== undefined);
    // The whole repository as context: without an argument, the place of the Dockerfile tells it.
    return told ?? (root !== '.' ? root : inside !== '.' ? inside : names[0]);
  };
}

const ENTRY = /(^|\/)(src\/)?(main|index|server|app)\.[cm]?[jt]s$/;

const startsIn = (file: string, folder: string): boolean => [folder, `${folder}/src`].includes(posix.dirname(file));

function namesIn(build: Readonly<Record<string, unknown>>): string[] {
  const args = Array.isArray(build['args'])
    ? build['args'].map((one) => text(one).split('=').slice(1).join('='))
    : Object.values(isTree(build['args']) ? build['args'] : {}).map(text);
  return [...args, text(build['target'] ?? '')].filter((name) => /^[\w.-]*[a-z][\w.-]*(\/[\w.-]+)*$/i.test(name));
}
