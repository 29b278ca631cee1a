import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A script that runs in Redis as a whole: between its reads and its writes comes nobody. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/** The entry; or, where there is none, whether the asker has got the lease to fill it. */
export const READ: Script = script(`
  local entry = redis.call('HMGET', KEYS[1], 'version', 'value')
  if entry[1] then return entry end
  local leased = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
  return leased and 'leased' or 'busy'
`);

/** Sets entries that are newer than what is there. Whoever was about to fill one of them has read it too early. */
export const PUT: Script = script(`
  for i = 1, #KEYS, 2 do
    local version, value = ARGV[i + 1], ARGV[i + 2]
    redis.call('DEL', KEYS[i + 1])
    local present = redis.call('HGET', KEYS[i], 'version')
    if not present or tonumber(present) < tonumber(version) then
      redis.call('HSET', KEYS[i], 'version', version, 'value', value)
    end
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
`);

/** Fills an entry for which the asker still has the lease. */
export const FILL: Script = script(`
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[2])
  local present = redis.call('HGET', KEYS[1], 'version')
  if present and tonumber(present) >= tonumber(ARGV[3]) then return 0 end
  redis.call('HSET', KEYS[1], 'version', ARGV[3], 'value', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
`);

export async function run(
  redis: Redis,
  { lua, sha }: Script,
  { keys, values }: { readonly keys: readonly string[]; readonly values: readonly (string | number)[] },
): Promise<unknown> {
  const args = [...keys, ...values];
  try {
    return await redis.evalsha(sha, keys.length, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return redis.eval(lua, keys.length, ...args);
  }
}
