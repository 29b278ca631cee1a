import { setTimeout as pause } from 'node:timers/promises';
import { DomainError, type Freshness, type LogPosition } from '@ashlar/domain';
import type { Written } from '@ashlar/telemetry';
import type { ConsistencyToken } from './consistency-token.ts';
import type { Published } from './fitting-token.ts';

/** Holds a request back until this service has seen what its Consistency-Token names, and says where to read then. */
export interface ConsistencyGate {
  /** Whether everything was reached in time. */
  reached(token: ConsistencyToken, timeoutMs: number): Promise<boolean>;
  /** How new has to be what is read for this token, once everything was reached. */
  freshnessOf(token: ConsistencyToken): Freshness;
  readonly service: string;
  /** Behind what is committed now; nothing where the service has no replicas. */
  position(): Promise<LogPosition | undefined>;
  readonly published: Published;
}

type Line = Pick<Written, 'channel' | 'key'>;

/** What the gate needs of a consumer: which channels it follows, and when it has handled a message of one. */
export interface Follower {
  readonly name: string;
  readonly channels: readonly string[];
  /** Nobody waits for what it feeds: who needs it newer reads elsewhere. */
  readonly isPatient?: boolean;
  reached(line: Line, sequence: number, signal?: AbortSignal): Promise<void>;
  /** Resolves when everything that had come by the time of the call is handled. */
  settled(): Promise<void>;
}

export interface GateOptions {
  readonly service: string;
  readonly followers: readonly Follower[];
  readonly position?: ConsistencyGate['position'];
  readonly published?: Published;
  /** The lines of which these consumers have a message that could not be handled. */
  readonly parked?: (consumers: readonly string[]) => Promise<readonly Line[]>;
}

const LOOK_AGAIN_MS = 50;

/** The gate of a service: its consumers. What none of them follows is not kept here, so nothing waits for it. */
export function consistencyGate(options: GateOptions): ConsistencyGate {
  const { service, followers, position = async () => undefined, published = async () => [] } = options;
  const awaited = followers.filter(({ isPatient }) => !isPatient);
  const own = [`${service}.events`, `${service}.changes`];
  const isOurs = ({ channel }: Written) => own.includes(channel) || follows(awaited, channel);
  return {
    service,
    position,
    published,
    async reached(token, timeoutMs) {
      if (token.isIncomplete) return false;
      const given = AbortSignal.timeout(timeoutMs);
      const waits = [...named(token, awaited, given), ...settling(token, { ...options, followers: awaited }, given)];
      if (waits.length === 0) return true;
      const tooLate = Promise.withResolvers<false>();
      given.addEventListener('abort', () => tooLate.resolve(false), { once: true });
      const all = Promise.all(waits).then(() => !given.aborted);
      return Promise.race([all, tooLate.promise]);
    },
    freshnessOf({ written, settled, positions }) {
      const ours = written.filter(isOurs);
      const since = positions.get(service);
      if (settled || ours.some(({ channel }) => follows(awaited, channel))) return 'newest';
      if (since) return { since };
      return ours.length > 0 ? 'newest' : 'any';
    },
  };
}

const follows = (followers: readonly Follower[], channel: string): boolean =>
  followers.some(({ channels }) => channels.includes(channel));

const named = ({ written }: ConsistencyToken, followers: readonly Follower[], given: AbortSignal) =>
  written.flatMap(({ channel, key, sequence }) =>
    followers
      .filter(({ channels }) => channels.includes(channel))
      .map((follower) => follower.reached({ channel, key }, sequence, given)),
  );

function settling({ settled }: ConsistencyToken, { followers, parked }: GateOptions, given: AbortSignal) {
  if (!settled) return [];
  const names = followers.map(({ name }) => name);
  const noneParked = async () => {
    while (!given.aborted && (await parked?.(names))?.some((line) => settled.mayHave(line))) await pause(LOOK_AGAIN_MS);
  };
  return [...followers.map((follower) => follower.settled()), noneParked()];
}

const PATIENCE_MS = 2_000;

/** Waits for what the client has caused before; 503 `consistency_timeout` past two seconds. */
export async function awaitWritten(gate: ConsistencyGate, token: ConsistencyToken): Promise<void> {
  if (await gate.reached(token, PATIENCE_MS)) return;
  const sentence = token.isIncomplete
    ? 'This Consistency-Token names more than it could hold while messages were held up; go on without it.'
    : 'What the Consistency-Token names has not arrived here yet; try again, or without it.';
  throw new DomainError('consistency_timeout', 'unavailable', sentence);
}
