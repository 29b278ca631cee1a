import { type ChildProcess, spawn } from 'node:child_process';

/** A line or the end of the pipe, whatever comes first: the line is a farewell, the end is a death. */
const SCRIPT = `
trap '' HUP INT TERM
read -r word
[ "$word" = farewell ] && exit 0
kill -INT "$1" || exit 0
patience=50
while [ $patience -gt 0 ] && kill -0 "$1"; do sleep 0.1; patience=$((patience - 1)); done
kill -QUIT "$1"
`;

/**
 * The server lives in a session of its own, so that Ctrl-C does not end it before the drain; this shell, which does
 * too, ends it when we are killed and can do nothing any more.
 */
export class Watchdog {
  readonly #shell: ChildProcess | undefined;

  constructor(pid: number) {
    if (process.platform === 'win32') return;
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', String(pid)], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell.on('error', () => {}).unref();
    this.#shell.stdin?.on('error', () => {});
    if (this.#shell.stdin && 'unref' in this.#shell.stdin) (this.#shell.stdin as { unref(): void }).unref();
  }

  dismiss(): void {
    this.#shell?.stdin?.end('farewell\n');
  }
}
