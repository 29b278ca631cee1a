import { strictEqual } from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@ashlar/postgres';
import { eventually } from '../shop/waiting.ts';
import { NameServer } from './name-server.ts';

/** Why tests of several gateways are skipped; `false` if they are to run. */
export const haproxyMissing: string | false =
  process.env['REQUIRE_SERVICES'] === '1' || spawnSync('haproxy', ['-v']).status === 0
    ? false
    : 'there is no haproxy to be started';

const CONFIG = new URL('../../../deploy/compose/haproxy.cfg', import.meta.url);

export interface BalancerOptions {
  readonly directory: string;
  /** The addresses of the gateways; they have one port, as containers have. */
  readonly addresses: readonly string[];
  readonly gatewayPort: number;
}

/** What HAProxy has counted of one gateway. */
export interface GatewayCounts {
  readonly name: string;
  readonly isUp: boolean;
  readonly requests: number;
}

/** HAProxy as `deploy/` has it, but for its port, where it asks for names, and that it tells its counts. */
export class Balancer {
  private constructor(
    readonly url: string,
    private readonly socketPath: string,
    private readonly names: NameServer,
    private readonly child: ChildProcess,
  ) {}

  static async start({ directory, addresses, gatewayPort }: BalancerOptions): Promise<Balancer> {
    const [port, names] = [await freePort('0.0.0.0'), await NameServer.start({ gateway: addresses })];
    const socketPath = join(directory, 'haproxy.sock');
    const config = changed(readFileSync(CONFIG, 'utf8'), {
      'global\n': `global\n  stats socket ${socketPath}\n`,
      'nameserver dns 127.0.0.11:53': `nameserver dns 127.0.0.1:${names.port}`,
      'bind :8080': `bind 127.0.0.1:${port}`,
      'gateway:8080': `gateway:${gatewayPort}`,
    });
    const file = join(directory, 'haproxy.cfg');
    writeFileSync(file, config);
    const child = spawn('haproxy', ['-W', '-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    const balancer = new Balancer(`http://127.0.0.1:${port}`, socketPath, names, child);
    try {
      await balancer.sees(addresses.length);
      return balancer;
    } catch (error) {
      await balancer.stop();
      throw new Error(output, { cause: error });
    }
  }

  /** Waits until it takes so many gateways for well. */
  sees(count: number): Promise<void> {
    const areUp = async () => (await this.counts().catch(() => [])).filter(({ isUp }) => isUp).length === count;
    return eventually(`${count} gateways are well`, areUp);
  }

  async counts(): Promise<readonly GatewayCounts[]> {
    const [head = '', ...lines] = (await this.#ask('show stat')).trim().split('\n');
    const columns = head.replace('# ', '').split(',');
    const rows = lines.map((line) => {
      const values = line.split(',');
      return (column: string) => values[columns.indexOf(column)] ?? '';
    });
    return rows
      .filter((of) => of('pxname') === 'gateways' && of('addr') !== '')
      .map((of) => ({ name: of('svname'), isUp: of('status').startsWith('UP'), requests: Number(of('stot')) }));
  }

  async stop(): Promise<void> {
    this.names.close();
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }

  async #ask(command: string): Promise<string> {
    const socket = connect(this.socketPath);
    let told = '';
    socket.on('data', (chunk) => {
      told += String(chunk);
    });
    socket.end(`${command}\n`);
    await once(socket, 'close');
    return told;
  }
}

/** Each of these stands in the text once. */
function changed(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((result, [old, fresh]) => {
    strictEqual(result.split(old).length, 2, `${old.trim()} in haproxy.cfg`);
    return result.replace(old, fresh);
  }, text);
}
