import { STEP } from './script-step.ts'

/**
 * `step` of `short-circuit/fleet` in Lua 5.1, for a batch of asks, with what goes around it: the hash of each
 * breaker, the journal, the list of names, the list of processes, and the push.
 *
 * KEYS: journal, list of names, when processes were seen, what they say, then the hash of each ask. ARGV: channel, `1`
 * for a cluster, the process and what it says, or nothing, then the asks as `wire.ts` has them. Returns an array of
 * strings for each ask.
 *
 * Numbers become text by `%.0f` only: `..` would round them to 14 digits. Whatever may fail for want of memory or
 * rights is the first write, so that a breaker changes as a whole or not at all.
 */
export const SCRIPT: string = /* lua */ `
local MOST_OPENS, LOST_PROBES, MAX_LOG, PROCESS_GONE, MOST_FORGOTTEN = 64, 2, 1000, 60000, 100
local ASK_SIZE = 31
local FIELDS = {'v', 'e', 's', 'u', 'd', 'r', 'ew', 'eb', 'en', 'oe', 'ov', 'ou', 'od', 'ob', 'ow', 'l', 'ps', 'pl', 'q',
  'c'}

local function number(text) return tonumber(text) + 0.0 end

-- Most numbers of a batch are the same few: formatting each of them again is a tenth of what a report costs.
local texts = {}
local function text(value)
  local known = texts[value]
  if not known then
    known = string.format('%.0f', value)
    texts[value] = known
  end
  return known
end

local time = redis.call('TIME')
local now = number(time[1]) * 1000 + math.floor(number(time[2]) / 1000)
local channel = ARGV[1]
local live
if ARGV[2] ~= '1' then
  local subscribed = redis.pcall('PUBSUB', 'NUMSUB', channel)
  if not subscribed.err and subscribed[2] > 0 then live = subscribed[2] end
end

local ask, policy, record, auto, over, changes

local policies = {}
local function policyOf(source)
  if not policies[source] then
    local words, n = {}, {}
    for word in string.gmatch(source, '%S+') do
      words[#words + 1] = word
      n[#n + 1] = number(word)
    end
    policies[source] = {
      failureRate = n[1], slowCallRate = n[2], minimumCalls = n[3], minReporters = n[4], buckets = n[5],
      bucketMs = n[6], openMs = n[7], maxOpenMs = n[8], factor = n[9], probes = n[10], successes = n[11],
      leaseMs = n[12], window = 'w' .. words[6] .. 'x' .. words[5],
    }
  end
  return policies[source]
end

local function timesOf(source)
  local list = {}
  for id, at, lasts in string.gmatch(source or '', '(%S+)=(%d+):?(%d*)') do
    list[#list + 1] = {id, number(at), tonumber(lasts)}
  end
  return list
end

local function timesText(list)
  local words = {}
  for i, entry in ipairs(list) do
    words[i] = entry[1] .. '=' .. text(entry[2]) .. (entry[3] and ':' .. text(entry[3]) or '')
  end
  return table.concat(words, ' ')
end

local function windowOf(source)
  local list = {}
  for bucket, slot, success, failure, slow in string.gmatch(source or '', '((%d+):(%d+):(%d+):(%d+))') do
    list[#list + 1] = {number(slot), number(success), number(failure), number(slow), bucket}
  end
  return list
end

local function windowText(list)
  local words = {}
  for i, b in ipairs(list) do
    words[i] = b[5] or string.format('%.0f:%.0f:%.0f:%.0f', b[1], b[2], b[3], b[4])
  end
  return table.concat(words, ' ')
end

local function automatic(f, i)
  return {stamp = number(f[i] or 0), state = f[i + 1] or 'closed', ['until'] = number(f[i + 2] or 0),
    lasts = number(f[i + 3] or 0), opens = number(f[i + 4] or 0), reason = f[i + 5] or 'none', by = f[i + 6] or '',
    note = f[i + 7] or ''}
end

local function override(f, i)
  return {stamp = number(f[i] or 0), mode = f[i + 1] or '', ['until'] = number(f[i + 2] or 0),
    lasts = number(f[i + 3] or 0), by = f[i + 4] or '', reason = f[i + 5] or ''}
end

local function registers(list)
  for _, value in ipairs({text(auto.stamp), auto.state, text(auto['until']), text(auto.lasts), text(auto.opens),
    auto.reason, auto.by, auto.note, text(over.stamp), over.mode, text(over['until']), text(over.lasts), over.by,
    over.reason}) do
    list[#list + 1] = value
  end
  return list
end
${STEP}
local function save(key, old, new)
  new[16], new[17], new[18] = timesText(record.leases), text(record.succeeded), text(record.lost)
  new[19], new[20], new[21] = timesText(record.reporters), ask.policy, windowText(record.window)
  local set, gone = {'HSET', key}, {'HDEL', key}
  for i, value in ipairs(new) do
    local field = FIELDS[i] or policy.window
    if value ~= (old[i] or '') then
      if i == 21 and value == '' then
        gone[#gone + 1] = field
      else
        set[#set + 1] = field
        set[#set + 1] = value
      end
    end
  end
  if #set > 2 then redis.call(unpack(set)) end
  if record.cleared then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      if string.sub(field, 1, 1) == 'w' and field ~= policy.window then gone[#gone + 1] = field end
    end
  end
  if #gone > 2 then redis.call(unpack(gone)) end
  if over.mode == '' then
    redis.call('PEXPIRE', key, text(math.max(3600000, 10 * policy.maxOpenMs)))
  else
    redis.call('PERSIST', key)
  end
end

local function note(known)
  local name = ask.name
  if not known or #changes > 0 then redis.call('ZADD', KEYS[2], text(now), name) end
  for _, change in ipairs(changes) do
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', MAX_LOG, '*', 'name', name, 'register', change[1], 'from', change[2],
      'to', change[3], 'stamp', change[4], 'cause', change[5], 'by', change[6], 'reason', change[7], 'until', change[8])
  end
end

-- Last, and without it all else is as it should be: there may be no right to do it.
local function noteProcess()
  redis.pcall('HSET', KEYS[4], ARGV[3], ARGV[4])
  redis.pcall('ZADD', KEYS[3], text(now), ARGV[3])
  local gone = redis.pcall('ZRANGEBYSCORE', KEYS[3], '-inf', text(now - PROCESS_GONE), 'LIMIT', 0, MOST_FORGOTTEN)
  if gone.err or #gone == 0 then return end
  redis.pcall('ZREM', KEYS[3], unpack(gone))
  redis.pcall('HDEL', KEYS[4], unpack(gone))
end

local function askAt(i)
  local counts
  if ARGV[i + 17] ~= '' then counts = {number(ARGV[i + 17]), number(ARGV[i + 18]), number(ARGV[i + 19])} end
  return {name = ARGV[i], process = ARGV[i + 1], policy = ARGV[i + 2], automatic = automatic(ARGV, i + 3),
    override = override(ARGV, i + 11), report = counts, lease = ARGV[i + 20], renew = ARGV[i + 21],
    result = ARGV[i + 22], outcome = ARGV[i + 23], command = ARGV[i + 24], commandMode = ARGV[i + 25],
    commandFor = number(ARGV[i + 26]), commandBy = ARGV[i + 27], commandReason = ARGV[i + 28],
    notAfter = number(ARGV[i + 29]), nonce = number(ARGV[i + 30])}
end

local function fieldsOf()
  local fields = {unpack(FIELDS)}
  fields[#fields + 1] = policy.window
  return fields
end

local function answerTo(key)
  policy = policyOf(ask.policy)
  local old = redis.call('HMGET', key, unpack(fieldsOf()))
  auto, over, changes = automatic(old, 2), override(old, 10), {}
  local refused = ''
  if number(old[1] or 1) > 1 then
    refused = 'schema'
  elseif ask.notAfter > 0 and now > ask.notAfter then
    refused = 'late'
  end
  if refused ~= '' then
    local answer = registers({text(now)})
    for i, value in ipairs({'0', '0', '0', refused, '', '', '', ''}) do answer[15 + i] = value end
    return answer
  end
  record = {leases = timesOf(old[16]), succeeded = number(old[17] or 0), lost = number(old[18] or 0),
    reporters = timesOf(old[19]), window = windowOf(old[21])}
  if merge() then refused = 'ahead' end
  beginAgain()
  dropExpired()
  obey()
  settleProbe()
  local success, failure, slow = report()
  local granted, retryMs = grantLease()
  local answer = registers({'1'})
  save(key, old, answer)
  note(old[1])
  local other = old[20] or ''
  if other == ask.policy then other = '' end
  answer[1] = text(now)
  local created = old[1] and '' or '1'
  for i, value in ipairs({text(success), text(failure), text(slow), refused, granted, retryMs, other, created}) do
    answer[15 + i] = value
  end
  return answer
end

local answers, push = {}, {}
for i = 5, #KEYS do
  ask = askAt(5 + (i - 5) * ASK_SIZE)
  answers[i - 4] = answerTo(KEYS[i])
  if #changes > 0 then push[#push + 1] = registers({ask.name, text(now)}) end
end
if #push > 0 then redis.call('PUBLISH', channel, cjson.encode(push)) end
if ARGV[3] ~= '' then noteProcess() end
return answers
`
