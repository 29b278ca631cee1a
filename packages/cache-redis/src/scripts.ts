import { type Script, script } from '@ashlar/projection-redis';

/**
 * An entry is a hash of its version and its value; one without a value says only that there is this version. The keys
 * of which there is nothing are one sorted set, by the time until which that may be told, on the clock of Redis.
 */
const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000`;

/** What time it is, the version and the value; version 0 without a value where it is known that there is none. */
export const FIND: Script = script(`${NOW}
  local told = string.format('%.3f', now)
  local entry = redis.call('HMGET', KEYS[1], 'version', 'value')
  if entry[2] then return { told, entry[1], entry[2] } end
  local over = not entry[1] and redis.call('ZSCORE', KEYS[2], ARGV[1])
  if over and tonumber(over) > now then return { told, '0' } end
  return { told }
`);

/** Keeps a value, unless there is a newer version, or might have been one that is forgotten by now. */
export const KEEP: Script = script(`${NOW}
  local present = redis.call('HGET', KEYS[1], 'version')
  if present and tonumber(present) > tonumber(ARGV[2]) then return 0 end
  if now - ARGV[5] >= tonumber(ARGV[6]) then return 1 end
  redis.call('HSET', KEYS[1], 'version', ARGV[2], 'value', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 1
`);

/** Keeps that there is none, unless there is some version. Of too many, the one goes that expires first. */
export const KEEP_ABSENT: Script = script(`${NOW}
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  if now - ARGV[4] >= tonumber(ARGV[5]) then return 1 end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  redis.call('ZADD', KEYS[2], string.format('%.3f', now + ARGV[2]), ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[3])
  redis.call('PEXPIRE', KEYS[2], math.max(redis.call('PTTL', KEYS[2]), ARGV[2]))
  return 1
`);

/** Of each key there is this version by now: nothing older stays, and nothing older is kept. */
export const FORGET: Script = script(`
  for i = 2, #KEYS do
    local key, version = ARGV[2 * i - 2], ARGV[2 * i - 1]
    redis.call('ZREM', KEYS[1], key)
    local present = redis.call('HGET', KEYS[i], 'version')
    if not present or tonumber(present) < tonumber(version) then
      redis.call('DEL', KEYS[i])
      redis.call('HSET', KEYS[i], 'version', version)
      redis.call('PEXPIRE', KEYS[i], ARGV[1])
    end
  end
`);
