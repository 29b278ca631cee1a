import { basename, join, posix } from 'node:path';
import { readManifest } from './manifests.ts';

/** `orders.service.js` */
export const SERVED_FILE = /(^|\/)([\w-]+)\.service\.[cm]?[jt]s$/;

/** Moleculer's services lie beside each other, a file each, and run wherever their broker loads them. */
export function servedFiles(root: string, files: readonly string[]): string[] {
  const manifests = files.filter((file) => basename(file) === 'package.json');
  const homes = manifests
    .filter((file) => 'moleculer' in (readManifest(join(root, file)).dependencies ?? {}))
    .map((file) => posix.dirname(file));
  const served = files.filter(
    (file) => SERVED_FILE.test(file) && homes.some((home) => home === '.' || file.startsWith(`${home}/`)),
  );
  return served.filter((file) => served.filter((other) => posix.dirname(other) === posix.dirname(file)).length > 1);
}
