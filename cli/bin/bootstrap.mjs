import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { isInstalled, markInstalled, npmCommand, npmEnvironment } from './installation.mjs';
import { Lock } from './lock.mjs';
import { identify, killGroup } from './processes.mjs';
import { withProgress } from './progress.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const OLDEST_NODE = 24;
const PACKAGED_NODES = ['linux-x64', 'linux-arm64'];

/** Why the checkout cannot be made ready, in a sentence or in the words of the tool that failed. */
export class BootstrapError extends Error {}

const lock = new Lock(join(root, '.ashlar-install'));
let step;

/** Installs and builds what is not yet, and answers the Node that runs it. */
export async function bootstrap() {
  refuseUnknownPlatform();
  if (!(await takeLock())) return chooseNode();
  try {
    if (!isInstalled(root)) await withProgress('Installing the packages', install);
    const node = chooseNode();
    await withProgress('Building', () => build(node));
    return node;
  } finally {
    lock.release();
  }
}

/** Ends whatever is at work and gives the checkout free. */
export async function abandon() {
  if (step) await killGroup(step);
  lock.release();
}

/** False where we may only read: then what somebody else has installed and built has to do. */
async function takeLock() {
  let waitsFor;
  try {
    await lock.take((pid) => {
      if (waitsFor !== pid) console.error(`Waiting for process ${pid}, which installs and builds here …`);
      waitsFor = pid;
    });
    return true;
  } catch (error) {
    if (!['EACCES', 'EROFS'].includes(error.code)) throw error;
    if (isInstalled(root) && existsSync(join(root, 'cli', 'dist', 'main.js'))) return false;
    throw new BootstrapError(
      `Ashlar is not built yet, and ${root} cannot be written: run it once as the owner of that directory.`,
    );
  }
}

async function install() {
  const [npm, ...args] = npmCommand();
  const flags = [
    'ci',
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--include=dev',
    '--include=optional',
  ];
  const env = npmEnvironment(join(root, '.ashlar-install', 'npm'));
  const { code, output } = await run(npm, [...args, ...flags], env);
  if (code !== 0) throw new BootstrapError(`${output}\nThe packages could not be installed: npm says why above.`);
  markInstalled(root);
}

async function build(node) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await run(node, [compiler, '-b'], process.env);
  if (code !== 0) throw new BootstrapError(`${output}\nThe build failed: the compiler says why above.`);
}

/**
 * A group of its own, so that it can be ended with all its children: by us, or by the one who takes over when we are
 * killed.
 */
async function run(file, args, env) {
  const onWindows = process.platform === 'win32';
  const child = spawn(file, args, {
    cwd: root,
    env,
    detached: !onWindows,
    shell: onWindows,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (child.pid !== undefined) {
    step = identify(child.pid);
    lock.record(step);
  }
  try {
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, output: `${out}${err}`.trim() };
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new BootstrapError(
      `${file} was not found: Ashlar is installed with npm, which comes with Node.js (https://nodejs.org).`,
    );
  } finally {
    step = undefined;
  }
}

const isNewEnough = () => Number(process.versions.node.split('.')[0]) >= OLDEST_NODE;

function refuseUnknownPlatform() {
  const platform = `${process.platform}-${process.arch}`;
  if (isNewEnough() || PACKAGED_NODES.includes(platform)) return;
  throw new BootstrapError(
    `Ashlar needs Node.js ${OLDEST_NODE} or newer, this is ${process.version}, ` +
      `and there is none to install for ${platform}: see https://nodejs.org.`,
  );
}

/** The running Node if it is new enough, else the one that was installed with the packages. */
function chooseNode() {
  if (isNewEnough()) return process.execPath;
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  throw new BootstrapError(
    `Ashlar needs Node.js ${OLDEST_NODE} or newer, and ${packaged} is missing: remove node_modules and start again.`,
  );
}
