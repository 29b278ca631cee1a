import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const PLATFORM = `${process.platform}-${process.arch}`;

/** Whether `node_modules` is what the lockfile says; a marker in it saves the comparison. */
export function isInstalled(root) {
  if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) return false;
  if (read(markerOf(root)) === stateOf(root)) return true;
  if (!matchesLockfile(root)) return false;
  markInstalled(root);
  return true;
}

export function markInstalled(root) {
  try {
    writeFileSync(markerOf(root), stateOf(root));
  } catch {
    // A checkout that we may only read: it is compared again the next time.
  }
}

const markerOf = (root) => join(root, 'node_modules', '.ashlar-installed');

function stateOf(root) {
  return `${createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')} ${PLATFORM}`;
}

/** npm notes in `node_modules` what it has installed: somebody who ran it by himself need not wait for it again. */
function matchesLockfile(root) {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(read(join(root, 'node_modules', '.package-lock.json'))).packages;
  const isSame = (path) =>
    found[path]?.version === wanted[path].version && found[path]?.integrity === wanted[path].integrity;
  const elsewhere = packagesElsewhere(wanted);
  return Object.keys(wanted).every(
    (path) => path === '' || (isSame(path) && isThere(root, path)) || elsewhere.has(path),
  );
}

/** What npm leaves out here: optional packages of other platforms, and those that only these need. */
function packagesElsewhere(packages) {
  const optional = Object.keys(packages).filter((path) => packages[path].optional);
  const left = new Set(optional.filter((path) => isElsewhere(packages[path])));
  for (let before = -1; before < left.size; ) {
    before = left.size;
    const needed = new Set(Object.keys(packages).flatMap((path) => (left.has(path) ? [] : needsOf(packages[path]))));
    for (const path of optional) if (!needed.has(path.replace(/^.*node_modules\//, ''))) left.add(path);
  }
  return left;
}

const needsOf = ({ dependencies, optionalDependencies, peerDependencies }) =>
  Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });

const isThere = (root, path) => existsSync(join(root, path));

function isElsewhere({ os, cpu, libc }) {
  return (os && !os.includes(process.platform)) || (cpu && !cpu.includes(process.arch)) || libc !== undefined;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The npm that has started us, or the one on the PATH. */
export function npmCommand() {
  const running = process.env.npm_execpath;
  const cli =
    running && /^np[mx]-cli\.c?js$/.test(basename(running)) ? join(dirname(running), 'npm-cli.js') : undefined;
  if (cli && existsSync(cli)) return [process.execPath, cli];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** npm needs a place for its downloads: `fallback` where the home directory cannot be written. */
export function npmEnvironment(fallback) {
  const { npm_config_workspace, npm_config_workspaces, npm_config_dry_run, ...env } = process.env;
  const cache = env.npm_config_cache ?? join(homedir(), '.npm');
  return process.platform === 'win32' || isWritable(cache) ? env : { ...env, npm_config_cache: fallback };
}

function isWritable(directory) {
  try {
    mkdirSync(directory, { recursive: true });
    for (const part of [directory, join(directory, '_cacache')]) {
      if (existsSync(part)) accessSync(part, constants.W_OK);
    }
    return true;
  } catch {
    return false;
  }
}
