import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { abandon, BootstrapError, bootstrap, root } from './bootstrap.mjs';
import { whenNpmIsGone } from './processes.mjs';

const RUNNERS = ['test', 'check', 'soak', 'bench', 'simulate', 'example'];
const SAME_SIGNAL_MS = 500;

/** Makes the checkout ready and runs a command of it; ends with the command's exit code. */
export async function launch([command, ...rest]) {
  let child;
  let abandoned = false;
  const heard = new Map();
  const onSignal = (signal) => {
    // npm passes on what the terminal has sent to all of us already: the same signal again at once is the same Ctrl-C.
    const before = heard.get(signal) ?? -Infinity;
    heard.set(signal, performance.now());
    if (performance.now() - before < SAME_SIGNAL_MS) return;
    if (child) passOn(child, signal);
    else {
      abandoned = true;
      abandon().finally(() => process.exit(128 + constants.signals[signal]));
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  whenNpmIsGone(() => onSignal('SIGTERM'));
  try {
    const node = await bootstrap();
    if (abandoned) return;
    child = start(node, command, rest);
  } catch (error) {
    if (abandoned) return;
    if (!(error instanceof BootstrapError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
  child.once('error', (error) => {
    console.error(`Ashlar could not be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** The channel tells the child when we are gone, even if we could say nothing any more. */
function start(node, command, rest) {
  const [program, args] = RUNNERS.includes(command)
    ? [command, rest]
    : ['main', command === undefined ? [] : [command, ...rest]];
  const PATH = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return spawn(node, [join(root, 'cli', 'dist', `${program}.js`), ...args], {
    // What V8 has compiled is kept from one start to the next; where nothing can be written, Node goes without.
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...process.env, PATH },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
}

/**
 * A terminal has given the child its own copy already; the channel repeats it for a child that was not there to hear
 * it.
 */
function passOn(child, signal) {
  if (signal !== 'SIGTERM' && inForeground()) {
    if (child.connected) child.send({ stop: signal }, () => {});
  } else child.kill(signal);
}

function inForeground() {
  if (process.platform !== 'linux') return Boolean(process.stdin.isTTY);
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
