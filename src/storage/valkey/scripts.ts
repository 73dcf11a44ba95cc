/**
 * The scripts that the store runs. Each is one step for everybody: nothing comes between its reading
 * and its writing, so all limits of a call are taken together or not at all. They are sent whole and
 * called by their hash.
 *
 * Time is the store's own, in milliseconds, and never goes back: `clock` keeps the latest that was
 * seen. Amounts are pairs of whole units and billionths, since the script's numbers are doubles.
 */
const common = `
local prefix = KEYS[1]
local function clock()
  local t = redis.call('TIME')
  local ms = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  local last = tonumber(redis.call('GET', prefix .. 'clock') or '0')
  if ms < last then return last end
  redis.call('SET', prefix .. 'clock', string.format('%.0f', ms))
  return ms
end
local function num(n) return string.format('%.0f', n) end
local function norm(a)
  while a[2] >= 1000000000 do a[2] = a[2] - 1000000000; a[1] = a[1] + 1 end
  while a[2] < 0 do a[2] = a[2] + 1000000000; a[1] = a[1] - 1 end
  return a
end
local function add(a, b) return norm({ a[1] + b[1], a[2] + b[2] }) end
local function sub(a, b) return norm({ a[1] - b[1], a[2] - b[2] }) end
local function over(a, b) return a[1] > b[1] or (a[1] == b[1] and a[2] > b[2]) end
local function parse(text)
  local w, f = string.match(text or '0:0', '^(-?%d+):(%d+)$')
  return { tonumber(w), tonumber(f) }
end
local function text(a) return num(a[1]) .. ':' .. num(a[2]) end
local function days(y, m)
  if m <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local mp = (m + 9) % 12
  local doy = math.floor((153 * mp + 2) / 5)
  local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  return era * 146097 + doe - 719468
end
local function monthOf(ms)
  local z = math.floor(ms / 86400000) + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local m = mp < 10 and mp + 3 or mp - 9
  local y = yoe + era * 400
  if m <= 2 then y = y + 1 end
  return y, m
end
local periods = { minute = 60000, hour = 3600000, day = 86400000 }
-- The first stamp that still counts.
local function fromMs(take, now)
  if take.align == 'sliding' then return now - take.windowMs + 1 end
  local p = periods[take.align]
  if p then return math.floor(now / p) * p end
  local y, m = monthOf(now)
  return days(y, m) * 86400000
end
-- When a stamp counts no more.
local function leavesMs(take, stamp)
  if take.align == 'sliding' then return stamp + take.windowMs end
  local p = periods[take.align]
  if p then return (math.floor(stamp / p) + 1) * p end
  local y, m = monthOf(stamp)
  m = m + 1
  if m == 13 then m = 1; y = y + 1 end
  return days(y, m) * 86400000
end
local grains = { minute = 1000, hour = 60000, day = 60000, month = 60000 }
-- Admissions are joined: each counts up to a grain longer, never shorter, and in the same minute, so
-- in the same hour, day and month, whichever alignment another limit on the key has.
local function stampOf(take, now)
  if take.align ~= 'sliding' then
    local g = grains[take.align]
    return math.floor(now / g) * g + g - 1
  end
  local g = math.max(1, math.floor(take.windowMs / 4096))
  return math.min(math.ceil(now / g) * g, math.floor(now / 60000) * 60000 + 59999)
end
local function names(key)
  return prefix .. 'w:' .. key, prefix .. 'u:' .. key
end
local function keptMs(take)
  if take.align == 'sliding' then return take.windowMs end
  return math.max(take.windowMs, periods[take.align] or 2678400000)
end
-- Forgets what no window of the key can count, and gives the sum of the rest.
local function prune(key, now)
  local zset, hash = names(key)
  local kept = tonumber(redis.call('HGET', hash, 'kept') or '0')
  local gone = redis.call('ZRANGEBYSCORE', zset, '-inf', num(now - kept))
  if #gone == 0 then return end
  local total = parse(redis.call('HGET', hash, 'total'))
  for _, stamp in ipairs(gone) do
    total = sub(total, parse(redis.call('HGET', hash, stamp)))
    redis.call('HDEL', hash, stamp)
  end
  redis.call('ZREMRANGEBYSCORE', zset, '-inf', num(now - kept))
  redis.call('HSET', hash, 'total', text(total))
end
local function sumOf(hash, stamps)
  local sum = { 0, 0 }
  for first = 1, #stamps, 500 do
    local part = { unpack(stamps, first, math.min(first + 499, #stamps)) }
    for _, value in ipairs(redis.call('HMGET', hash, unpack(part))) do
      if value then sum = add(sum, parse(value)) end
    end
  end
  return sum
end
-- What is counted since a calendar period began, kept as 'from/units' beside the stamps: a busy key has
-- tens of thousands of them in a month, which no call may add up.
local function periodOf(hash, align)
  local from, units = string.match(redis.call('HGET', hash, 'c:' .. align) or '', '^(%d+)/(.+)$')
  if from then return from, parse(units) end
end
local function countInPeriods(hash, stamp, units, change)
  for align in pairs(grains) do
    local from, counted = periodOf(hash, align)
    if from and stamp >= tonumber(from) then
      redis.call('HSET', hash, 'c:' .. align, from .. '/' .. text(change(counted, units)))
    end
  end
end
local function used(take, now)
  local zset, hash = names(take.key)
  prune(take.key, now)
  local from = num(fromMs(take, now))
  local isCalendar = take.align ~= 'sliding'
  if isCalendar then
    local since, counted = periodOf(hash, take.align)
    if since == from then return counted end
  end
  local early = redis.call('ZCOUNT', zset, '-inf', '(' .. from)
  local late = redis.call('ZCOUNT', zset, from, '+inf')
  local sum
  if late <= early then
    sum = sumOf(hash, redis.call('ZRANGEBYSCORE', zset, from, '+inf'))
  else
    local gone = sumOf(hash, redis.call('ZRANGEBYSCORE', zset, '-inf', '(' .. from))
    sum = sub(parse(redis.call('HGET', hash, 'total')), gone)
  end
  if isCalendar and early + late > 0 then
    redis.call('HSET', hash, 'c:' .. take.align, from .. '/' .. text(sum))
  end
  return sum
end
-- Keeps what a key has admitted for as long as the longest of its windows needs it.
local function keep(take)
  local zset, hash = names(take.key)
  local kept = math.max(tonumber(redis.call('HGET', hash, 'kept') or '0'), keptMs(take))
  redis.call('HSET', hash, 'kept', num(kept))
  redis.call('PEXPIRE', zset, num(kept + 86400000))
  redis.call('PEXPIRE', hash, num(kept + 86400000))
end
local function admit(take, units, stamp)
  local zset, hash = names(take.key)
  redis.call('ZADD', zset, num(stamp), num(stamp))
  redis.call('HSET', hash, num(stamp), text(add(parse(redis.call('HGET', hash, num(stamp))), units)))
  redis.call('HSET', hash, 'total', text(add(parse(redis.call('HGET', hash, 'total')), units)))
  countInPeriods(hash, stamp, units, add)
  keep(take)
end
local function flying(key, now)
  local zset, hash = prefix .. 'f:' .. key, prefix .. 'fu:' .. key
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', zset, '-inf', num(now))) do
    redis.call('HDEL', hash, id)
    redis.call('ZREM', zset, id)
  end
  local sum = { 0, 0 }
  for _, value in ipairs(redis.call('HVALS', hash)) do sum = add(sum, parse(value)) end
  return sum
end
local function waitOf(take, now)
  local zset, hash = names(take.key)
  local sum = used(take, now)
  local room = sub({ take.max, 0 }, take.units)
  local at, seen = now, 0
  local from = num(fromMs(take, now))
  while over(sum, room) do
    local stamps = redis.call('ZRANGEBYSCORE', zset, from, '+inf', 'LIMIT', seen, 100)
    if #stamps == 0 then break end
    for _, stamp in ipairs(stamps) do
      if not over(sum, room) then break end
      sum = sub(sum, parse(redis.call('HGET', hash, stamp)))
      at = leavesMs(take, tonumber(stamp))
    end
    seen = seen + #stamps
  end
  return math.max(1, at - now)
end
`;

/**
 * ARGV: the question as JSON; `peek` looks and takes nothing. Answers 0, the first take that does not
 * fit, how long to wait and what counts against it; or 1, the time, what was taken as JSON, and what
 * counted against each take before.
 */
export const takeScript: string = `${common}
local ask = cjson.decode(ARGV[1])
local now = clock()
local first, wait = 0, 0
local before = {}
for index, take in ipairs(ask.takes) do
  local sum
  if take.windowMs == cjson.null then sum = flying(take.key, now) else sum = used(take, now) end
  before[index] = text(sum)
  if take.max == 0 or over(take.units, { take.max, 0 }) then
    if first == 0 then first = index end
    wait = -1
  elseif over(add(sum, take.units), { take.max, 0 }) then
    if first == 0 then first = index end
    if take.windowMs == cjson.null then wait = -1
    elseif wait >= 0 then wait = math.max(wait, waitOf(take, now)) end
  end
end
if first > 0 then return { 0, first, num(wait), before[first] } end
if ask.peek then return { 1, num(now), '[]', '' } end
local stamps = {}
local done = {}
for _, take in ipairs(ask.takes) do
  if take.windowMs == cjson.null then
    local name = 'f' .. take.key
    if not done[name] and over(take.units, { 0, 0 }) then
      done[name] = true
      redis.call('ZADD', prefix .. 'f:' .. take.key, num(now + ask.leaseMs), ask.id)
      redis.call('HSET', prefix .. 'fu:' .. take.key, ask.id, text(take.units))
      redis.call('PEXPIRE', prefix .. 'f:' .. take.key, 86400000)
      redis.call('PEXPIRE', prefix .. 'fu:' .. take.key, 86400000)
    end
  elseif over(take.units, { 0, 0 }) then
    local name = 'w' .. take.key
    if not done[name] then
      local stamp = stampOf(take, now)
      done[name] = stamp
      admit(take, take.units, stamp)
      stamps[#stamps + 1] = { take.key, num(stamp), text(take.units) }
    else
      keep(take)
    end
  end
end
for _, mark in ipairs(ask.marks) do
  redis.call('ZADD', prefix .. 'lo:' .. mark.owner, num(now + ask.leaseMs + mark.forMs), ask.id .. ' ' .. mark.label)
  redis.call('PEXPIRE', prefix .. 'lo:' .. mark.owner, num(ask.leaseMs + mark.forMs + 86400000))
end
return { 1, num(now), #stamps == 0 and '[]' or cjson.encode(stamps), table.concat(before, ' ') }
`;

/** ARGV: what a receipt still stands for, as JSON; `back` takes its units off again. */
export const endScript: string = `${common}
local ask = cjson.decode(ARGV[1])
local now = clock()
for _, key in ipairs(ask.flying) do
  redis.call('ZREM', prefix .. 'f:' .. key, ask.id)
  redis.call('HDEL', prefix .. 'fu:' .. key, ask.id)
end
for _, mark in ipairs(ask.marks) do
  redis.call('ZREM', prefix .. 'lo:' .. mark.owner, ask.id .. ' ' .. mark.label)
  if not ask.back then
    redis.call('ZADD', prefix .. 'l:' .. mark.owner, 'GT', num(now + mark.forMs), mark.label)
    redis.call('PEXPIRE', prefix .. 'l:' .. mark.owner, num(mark.forMs + 2592000000))
  end
end
if ask.back then
  for _, one in ipairs(ask.stamps) do
    local zset, hash = names(one[1])
    local held = redis.call('HGET', hash, one[2])
    if held then
      local left = sub(parse(held), parse(one[3]))
      if left[1] >= 0 then
        if over(left, { 0, 0 }) then redis.call('HSET', hash, one[2], text(left))
        else redis.call('HDEL', hash, one[2]); redis.call('ZREM', zset, one[2]) end
        redis.call('HSET', hash, 'total', text(sub(parse(redis.call('HGET', hash, 'total')), parse(one[3]))))
        countInPeriods(hash, tonumber(one[2]), parse(one[3]), sub)
      end
    end
  end
end
return 1
`;

/** ARGV: calls that are still under way, as JSON: their places are kept for another lease. */
export const renewScript: string = `${common}
local ask = cjson.decode(ARGV[1])
local now = clock()
for _, one in ipairs(ask.calls) do
  for _, key in ipairs(one.flying) do
    redis.call('ZADD', prefix .. 'f:' .. key, 'XX', num(now + ask.leaseMs), one.id)
  end
  for _, mark in ipairs(one.marks) do
    redis.call('ZADD', prefix .. 'lo:' .. mark.owner, num(now + ask.leaseMs + mark.forMs), one.id .. ' ' .. mark.label)
  end
end
return 1
`;

/** ARGV: the owner. Answers every label in force. */
export const labelsScript: string = `${common}
local now = clock()
local found = redis.call('ZRANGEBYSCORE', prefix .. 'l:' .. ARGV[1], '(' .. num(now), '+inf')
for _, member in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'lo:' .. ARGV[1], '(' .. num(now), '+inf')) do
  found[#found + 1] = string.sub(member, string.find(member, ' ', 1, true) + 1)
end
return found
`;

/** ARGV: the looks, as JSON. Answers the units that count for each. */
export const usedScript: string = `${common}
local now = clock()
local found = {}
for index, look in ipairs(cjson.decode(ARGV[1])) do
  local _, hash = names(look.key)
  if look.windowMs == cjson.null then found[index] = text(flying(look.key, now))
  elseif redis.call('EXISTS', hash) == 0 then found[index] = '0:0'
  else found[index] = text(used(look, now)) end
end
return found
`;

/**
 * ARGV: a gateway's id, and what it admitted before, as JSON. Counts it once for each gateway and
 * life of the store: a store that lost its memory gets it back from the gateways' records.
 */
export const seedScript: string = `${common}
if redis.call('SADD', prefix .. 'seeded', ARGV[1]) == 0 then return 0 end
local now = clock()
for _, one in ipairs(cjson.decode(ARGV[2])) do
  local stamp = math.min(one.time, now)
  if one.owner then
    redis.call('ZADD', prefix .. 'l:' .. one.owner, 'GT', num(stamp + one.windowMs), one.label)
  elseif stamp + one.windowMs > now then
    admit({ key = one.key, windowMs = one.windowMs, align = 'sliding' }, one.units, stamp)
  end
end
return 1
`;
