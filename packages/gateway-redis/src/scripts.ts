/** All on the clock of Redis, in milliseconds: gateways may disagree about the time. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local function answer(allowed, remaining, reset, retry)
  return { allowed, remaining, math.ceil(reset), math.ceil(retry) }
end`;

/** The generic cell rate algorithm: the time at which the bucket is full again is all that is kept of a key. */
export const BUCKET = `${NOW}
local interval = window / quota
local full = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now), now + window)
local after = full + interval
local wait = after - now - window
if wait > interval * 1e-6 then return answer(0, 0, full - now, wait) end
redis.call('SET', KEYS[1], string.format('%.4f', after), 'PX', math.ceil(after - now) + 1)
return answer(1, math.max(0, math.floor(-wait / interval + 1e-6)), after - now, 0)`;

/** No more than the quota in any window, exact to a 60th of it: a count for each slot, the old ones taken out. */
export const WINDOW = `${NOW}
local width = window / 60
local slot = math.floor(now / width)
local counts = redis.call('HGETALL', KEYS[1])
local total, oldest = 0, slot
for at = 1, #counts, 2 do
  local of = tonumber(counts[at])
  if of <= slot - 60 then redis.call('HDEL', KEYS[1], counts[at])
  else
    total = total + tonumber(counts[at + 1])
    oldest = math.min(oldest, of)
  end
end
if total >= quota then return answer(0, 0, window, (oldest + 60) * width - now) end
redis.call('HINCRBY', KEYS[1], slot, 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(window + width))
return answer(1, quota - total - 1, window, 0)`;

const MOMENT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`;

/** Whether something of these tags or of this address has changed since a moment. */
const VOID = `
local function isVoid(marks, key, tags, since)
  local all = { marks .. 'all', marks .. 'key:' .. key }
  for tag in string.gmatch(tags, '[^\\n]+') do all[#all + 1] = marks .. 'tag:' .. tag end
  for _, at in ipairs(redis.call('MGET', unpack(all))) do
    if at and tonumber(at) >= tonumber(since) then return true end
  end
  return false
end`;

const MOST_VARIANTS = 8;

/** The shared variants of an answer that nothing has voided, after the moment of the question, in microseconds. */
export const FIND_ANSWER = `${MOMENT}${VOID}
local kept = redis.call('HGETALL', KEYS[1])
local found = { now }
for at = 1, #kept, 2 do
  local since, from, over, tags, entry = cmsgpack.unpack(kept[at + 1])
  if over <= now or isVoid(ARGV[1], ARGV[2], tags, since) then redis.call('HDEL', KEYS[1], kept[at])
  else
    found[#found + 1] = now - from
    found[#found + 1] = entry
  end
end
return found`;

/** Keeps an answer that was asked for at a moment since which nothing has changed; the oldest variant goes for it. */
export const KEEP_ANSWER = `${MOMENT}${VOID}
if isVoid(ARGV[1], ARGV[2], ARGV[3], ARGV[4]) then return 0 end
local oldest, oldestFrom
if redis.call('HEXISTS', KEYS[1], ARGV[7]) == 0 and redis.call('HLEN', KEYS[1]) >= ${MOST_VARIANTS} then
  local kept = redis.call('HGETALL', KEYS[1])
  for at = 1, #kept, 2 do
    local _, from = cmsgpack.unpack(kept[at + 1])
    if not oldestFrom or from < oldestFrom then oldest, oldestFrom = kept[at], from end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
local over = now + ARGV[6] * 1000
redis.call('HSET', KEYS[1], ARGV[7], cmsgpack.pack(ARGV[4], now, over, ARGV[3], ARGV[5]))
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[6]))
return 1`;

/** Something has changed now. */
export const MARK_CHANGE = `${MOMENT}
redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[1])`;
