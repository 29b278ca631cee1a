import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { NewEvent } from '@ashlar/event-store';
import { atEnd, root } from './lifetime.ts';

const INSTALL_WITHIN_MS = 300_000;

/** An event store of somebody else. */
export interface EventStorePeer {
  /** `expected` is the version of the stream, 0 for none yet. */
  append(stream: string, expected: number, events: readonly NewEvent[]): Promise<unknown>;
  read(stream: string): Promise<unknown>;
  /** Loads a balance, and appends what `decide` answers. */
  command(stream: string, decide: (balance: number) => NewEvent): Promise<unknown>;
  /** `run` resolves when the consumer ends, which it does when a handler fails; it may be called again. */
  consume(options: PeerConsumer): Promise<{ run(): Promise<unknown>; close(): Promise<unknown> }>;
  close(): Promise<unknown>;
}

export interface PeerConsumer {
  readonly name: string;
  /** `note` writes a row into `effects`, in the transaction that the peer offers to its handlers. */
  readonly handle: (data: unknown, note: (number: number) => Promise<unknown>) => Promise<unknown>;
  /** The peer's own where absent. */
  readonly batch?: number;
  readonly pullEveryMs?: number;
  readonly from: 'start' | 'end';
}

/** Durable workflows of somebody else: four steps, each one statement in the database. */
export interface SagaPeer {
  /** Resolves when the saga has ended: all done, or, where a step is refused, all before it undone. */
  run(id: string, refused?: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What a peer is given: a database of its own on the server that all use, and a directory on the same disk. */
export interface PeerHome {
  readonly url: string;
  readonly directory: string;
}

export interface SagaPeerHome extends PeerHome {
  readonly connections: number;
  /** Statements of a step: `$1` is the saga, `$2` the step. */
  readonly insert: string;
  readonly remove: string;
}

/** The public suite of HTTP caches, with its own server. */
export interface CacheSuite {
  /** Asks the server everything through the cache at `url`. */
  run(url: string): Promise<readonly { readonly id: string; readonly kind: string; readonly passed: boolean }[]>;
  close(): Promise<unknown>;
}

interface Peers {
  readonly 'http-cache-tests': {
    readonly home: { readonly port: number; readonly directory: string };
    readonly opened: CacheSuite;
  };
  readonly emmett: { readonly home: PeerHome; readonly opened: EventStorePeer };
  readonly dbos: { readonly home: SagaPeerHome; readonly opened: SagaPeer };
  readonly restate: { readonly home: SagaPeerHome; readonly opened: SagaPeer };
}

/** A peer, or why there is none: the table names it all the same. */
export type Peer<Opened> =
  | { readonly title: string; readonly opened: Opened; readonly missing?: never }
  | { readonly title: string; readonly opened?: never; readonly missing: string };

/**
 * Opens a peer, pinned by `bench/peers/NAME/package.json` and installed there when it is first asked for; its code is
 * loaded only then, and is no part of the workspace.
 */
export async function openPeer<Name extends keyof Peers>(
  name: Name,
  home: () => Promise<Peers[Name]['home']>,
): Promise<Peer<Peers[Name]['opened']>> {
  const directory = join(root, 'bench', 'peers', name);
  try {
    await install(name, directory);
    const { open } = (await import(join(directory, 'peer.mjs'))) as {
      open(home: Peers[Name]['home']): Promise<Peers[Name]['opened']>;
    };
    const opened = await open(await home());
    atEnd(() => opened.close());
    return { title: titleOf(name, directory), opened };
  } catch (error) {
    return { title: titleOf(name, directory), missing: (error as Error).message.split('\n')[0]! };
  }
}

/** The directory of peers that run in processes of their own, with what they need installed. */
export async function peerDirectory(name: string): Promise<string> {
  const directory = join(root, 'bench', 'peers', name);
  await install(name, directory);
  return directory;
}

/** Nothing of a peer runs at its installation: neither its scripts nor those of what it needs. */
async function install(name: string, directory: string): Promise<void> {
  if (Object.entries(pinsOf(directory)).every(([module, pin]) => installedVersion(directory, module) === pin)) return;
  console.error(`  ${name}: its packages are installed`);
  const args = ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_WITHIN_MS });
  const ended = new Promise<number | null>((resolve, reject) => npm.once('error', reject).once('close', resolve));
  const [complaint, code] = await Promise.all([text(npm.stderr), ended]);
  if (code !== 0) throw new Error(`npm could not install it: ${complaint.trim() || `exit code ${code}`}`);
}

const pinsOf = (directory: string): Record<string, string> => readJson(join(directory, 'package.json')).dependencies;

function installedVersion(directory: string, module: string): string | undefined {
  const manifest = join(directory, 'node_modules', module, 'package.json');
  return existsSync(manifest) ? readJson(manifest).version : undefined;
}

/** What the peer is called in the tables, with the version of its most telling package. */
function titleOf(name: keyof Peers, directory: string): string {
  const { title, module } = TITLES[name];
  return `${title} ${pinsOf(directory)[module]}`;
}

const TITLES = {
  'http-cache-tests': { title: 'http-cache-tests', module: 'http-cache-tests' },
  emmett: { title: 'Emmett', module: '@event-driven-io/emmett-postgresql' },
  dbos: { title: 'DBOS', module: '@dbos-inc/dbos-sdk' },
  restate: { title: 'Restate', module: '@restatedev/restate-server' },
} as const;

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
