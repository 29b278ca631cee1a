import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });

/** Why tests that cut a network are skipped; `false` if they are to run. */
export const networkMissing: string | false = (() => {
  const name = `ashlar-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
  if (made.status !== 0) return 'network namespaces cannot be made here (it takes Linux, iproute2 and root)';
  ip('netns', 'delete', name);
  return false;
})();

/** Nobody has it: what is sent there arrives nowhere. */
const NOBODY = '02:00:00:00:00:01';

/** An address on each end of the cable. */
interface Line {
  readonly near: string;
  readonly far: string;
}

/**
 * A network of its own, with one cable to ours, which can be pulled: what is sent is lost, and nobody is told. Servers
 * of ours are heard there at an address of their own, and can be lost alone.
 */
export class Network {
  /** Where those inside are found. */
  readonly address: string;
  /** Where those inside find what listens here. */
  readonly serversAddress: string;
  readonly #name: string;
  readonly #inside: string;
  readonly #outside: string;
  readonly #lines: { readonly people: Line; readonly servers: Line };

  constructor() {
    const number = randomInt(1, 250);
    const part = `${process.pid % 10_000}x${number}`;
    this.#name = `ashlar-${part}`;
    this.#inside = `ai${part}`;
    this.#outside = `ao${part}`;
    const net = `10.213.${number}`;
    this.#lines = {
      people: { near: `${net}.1`, far: `${net}.2` },
      servers: { near: `${net}.5`, far: `${net}.6` },
    };
    this.address = this.#lines.people.far;
    this.serversAddress = this.#lines.servers.near;
    ip('netns', 'add', this.#name);
    ip('link', 'add', this.#outside, 'type', 'veth', 'peer', 'name', this.#inside, 'netns', this.#name);
    for (const { near, far } of Object.values(this.#lines)) {
      ip('address', 'add', `${near}/30`, 'dev', this.#outside);
      this.#ipInside('address', 'add', `${far}/30`, 'dev', this.#inside);
    }
    ip('link', 'set', this.#outside, 'up');
    this.#ipInside('link', 'set', 'lo', 'up');
    this.mend();
  }

  /** The command that runs a program in it. */
  enter(program: string): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#name, program];
  }

  cut(): void {
    this.#ipInside('link', 'set', this.#inside, 'down');
  }

  mend(): void {
    this.#ipInside('link', 'set', this.#inside, 'up');
  }

  /** Those inside and our servers lose each other; everybody else hears them as before. */
  loseServers(): void {
    this.#lose(this.#lines.servers);
  }

  /** The same for everybody, while both ends still believe in the cable. */
  loseEverybody(): void {
    for (const line of Object.values(this.#lines)) this.#lose(line);
  }

  findAgain(): void {
    for (const { near, far } of Object.values(this.#lines)) {
      for (const forget of [
        () => ip('neighbour', 'delete', far, 'dev', this.#outside),
        () => this.#ipInside('neighbour', 'delete', near, 'dev', this.#inside),
      ]) {
        try {
          forget();
        } catch {
          // It was never lost.
        }
      }
    }
  }

  #lose({ near, far }: Line): void {
    const nobody = ['lladdr', NOBODY, 'nud', 'permanent'];
    ip('neighbour', 'replace', far, ...nobody, 'dev', this.#outside);
    this.#ipInside('neighbour', 'replace', near, ...nobody, 'dev', this.#inside);
  }

  /** The cable goes with it. */
  remove(): void {
    ip('netns', 'delete', this.#name);
  }

  #ipInside(...args: readonly string[]): void {
    ip('-n', this.#name, ...args);
  }
}
