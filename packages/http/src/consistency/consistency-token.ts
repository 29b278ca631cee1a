import { DomainError, type LogPosition } from '@ashlar/domain';
import type { Written } from '@ashlar/telemetry';
import { LineSet } from './line-set.ts';
import { MalformedBytesError, TokenReader, TokenWriter } from './token-bytes.ts';

/** Read-your-writes as a value: what a client has caused, so that a later read can wait for it, or go where it is. */
export interface ConsistencyToken {
  /** The messages that it names one by one, from the oldest to the newest; one per line, with its highest sequence. */
  readonly written: readonly Written[];
  /** Lines of older ones, all of which the bus has: whoever has handled all that has reached him has handled them. */
  readonly settled: LineSet | undefined;
  /** How far the databases had come, by service; only of those that have replicas. */
  readonly positions: ReadonlyMap<string, LogPosition>;
  /** Something did not fit while the bus was away: what this token stands for cannot be proven any more. */
  readonly isIncomplete: boolean;
}

export const EMPTY_TOKEN: ConsistencyToken = {
  written: [],
  settled: undefined,
  positions: new Map(),
  isIncomplete: false,
};

export const LONGEST_TOKEN = 512;

/** The version before names messages only; clients may still have one. */
const VERSIONS = { lines: 1, current: 2 } as const;
const SETTLED = 1;
const INCOMPLETE = 2;
const KNOWN_FLAGS = SETTLED | INCOMPLETE;

/** Covers both. */
export function mergeTokens(older: ConsistencyToken, newer: Partial<ConsistencyToken>): ConsistencyToken {
  const { written = [], settled, positions = new Map(), isIncomplete = false } = newer;
  return {
    written: mergeWritten(older.written, written),
    settled: older.settled && settled ? older.settled.union(settled) : (older.settled ?? settled),
    positions: mergePositions(older.positions, positions),
    isIncomplete: older.isIncomplete || isIncomplete,
  };
}

function mergeWritten(older: readonly Written[], newer: readonly Written[]): Written[] {
  const merged = new Map<string, Written>();
  for (const entry of [...older, ...newer]) {
    const line = `${entry.channel}\n${entry.key}`;
    const known = merged.get(line);
    merged.delete(line);
    merged.set(line, known && known.sequence > entry.sequence ? known : entry);
  }
  return [...merged.values()];
}

/** Places of two histories cannot be compared: the newer one was told by the primary that took over. */
function mergePositions(older: ConsistencyToken['positions'], newer: ConsistencyToken['positions']) {
  const merged = new Map(older);
  for (const [service, position] of newer) {
    const known = merged.get(service);
    const isBehind = known?.timeline === position.timeline && known.lsn > position.lsn;
    if (!isBehind) merged.set(service, position);
  }
  return merged;
}

/** The token's text, of any length: base64url of a version, flags, places, and packed entries. */
export function formatConsistencyToken({ written, settled, positions, isIncomplete }: ConsistencyToken): string {
  const out = new TokenWriter();
  out.byte(VERSIONS.current);
  out.byte((settled ? SETTLED : 0) | (isIncomplete ? INCOMPLETE : 0));
  if (settled) out.bytes(settled.bits);
  out.number(positions.size);
  for (const [service, { timeline, lsn }] of positions) {
    out.text(service);
    out.number(timeline);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(lsn);
    out.bytes(bytes);
  }
  const channels: string[] = [];
  for (const { channel, key, sequence } of written) {
    const known = channels.indexOf(channel);
    out.byte(known + 1);
    if (known < 0) {
      channels.push(channel);
      out.text(channel);
    }
    out.key(key);
    out.number(sequence);
  }
  return out.toString();
}

/** Reads a token. Throws `bad_consistency_token` for anything that this format does not write. */
export function parseConsistencyToken(text: string): ConsistencyToken {
  try {
    if (text.length > LONGEST_TOKEN || !/^[\w-]+$/.test(text)) throw new MalformedBytesError();
    return read(new TokenReader(text));
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    const sentence = 'The Consistency-Token is not one that this system gave out.';
    throw new DomainError('bad_consistency_token', 'malformed', sentence);
  }
}

function read(bytes: TokenReader): ConsistencyToken {
  const version = bytes.byte();
  if (version === VERSIONS.lines) return { ...EMPTY_TOKEN, written: readWritten(bytes) };
  if (version !== VERSIONS.current) throw new MalformedBytesError();
  const flags = bytes.byte();
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new MalformedBytesError();
  const settled = flags & SETTLED ? new LineSet(Uint8Array.from(bytes.bytes(LineSet.bytes))) : undefined;
  const positions = readPositions(bytes);
  return { settled, positions, isIncomplete: (flags & INCOMPLETE) !== 0, written: readWritten(bytes) };
}

function readPositions(bytes: TokenReader): Map<string, LogPosition> {
  const positions = new Map<string, LogPosition>();
  for (let rest = bytes.number(); rest > 0; rest--) {
    const service = bytes.text();
    positions.set(service, { timeline: bytes.number(), lsn: bytes.bytes(8).readBigUInt64BE() });
  }
  return positions;
}

function readWritten(bytes: TokenReader): Written[] {
  const written: Written[] = [];
  const channels: string[] = [];
  while (!bytes.isAtEnd) {
    const index = bytes.byte();
    if (index === 0) channels.push(bytes.text());
    const channel = index === 0 ? channels.at(-1) : channels[index - 1];
    const key = bytes.key();
    const sequence = bytes.number();
    if (!channel || sequence === 0) throw new MalformedBytesError();
    written.push({ channel, key, sequence });
  }
  return written;
}
