import { join, posix } from 'node:path';
import { readEnvFile } from './env-file.ts';
import { type Doc, isTree, type Tree, text } from './yaml-tree.ts';

/** The maps and secrets that kustomize makes of files and of what it is told: `configMapGenerator`. */
export const generatedMaps = (root: string, docs: readonly Doc[]): Doc[] =>
  docs
    .filter(({ file }) => /(^|\/)kustomization\.ya?ml$/.test(file))
    .flatMap((doc) =>
      (
        [
          ['ConfigMap', 'configMapGenerator'],
          ['Secret', 'secretGenerator'],
        ] as const
      ).flatMap(([kind, key]) =>
        [doc.value[key]]
          .flat()
          .filter((one) => isTree(one))
          .map((one) => ({
            file: doc.file,
            lineOf: doc.lineOf,
            value: { kind, metadata: { name: one['name'] }, data: dataOf(root, posix.dirname(doc.file), one) },
          })),
      ),
    );

function dataOf(root: string, folder: string, generator: Tree): Record<string, string> {
  const files = [generator['envs'], generator['env']].flat().map(text).filter(Boolean);
  const told = [generator['literals']].flat().map(text).filter(Boolean);
  return Object.assign(
    {},
    ...files.map((file) => readEnvFile(join(root, folder, file))),
    ...told.map((one) => ({ [one.split('=')[0]!]: one.slice(one.indexOf('=') + 1) })),
  );
}
