/** `step` of `fleet/step.ts` in Lua, function by function; its variables are those of `script.ts`. */
export const STEP: string = /* lua */ `
local function stampAfter(stamp) return math.max(stamp + 1, now * 1024) + ask.nonce end

local function put(to)
  changes[#changes + 1] = {'automatic', auto.state, to.state, text(to.stamp), to.reason, to.by, to.note,
    text(to['until'])}
  auto = to
  record.cleared = true
  record.window, record.reporters, record.leases = {}, {}, {}
  record.succeeded, record.lost = 0, 0
end

local function putOverride(to)
  changes[#changes + 1] = {'override', over.mode, to.mode, text(to.stamp), '', to.by, to.reason,
    text(to['until'])}
  over = to
end

local function move(state, lasts, opens, reason, by, note)
  put({stamp = stampAfter(auto.stamp), state = state, ['until'] = state == 'open' and now + lasts or 0, lasts = lasts,
    opens = opens, reason = reason, by = by or ask.process, note = note or ''})
end

local function setOverride(mode, lasts, by, reason)
  putOverride({stamp = stampAfter(over.stamp), mode = mode, ['until'] = lasts > 0 and now + lasts or 0, lasts = lasts,
    by = by, reason = reason})
end

local function openTime(opens)
  local ms, i = policy.openMs, 1
  while i < opens and ms < policy.maxOpenMs do
    ms = ms * policy.factor
    i = i + 1
  end
  return math.floor(math.min(ms, policy.maxOpenMs))
end

local function reopen(reason)
  local opens = math.min(auto.opens + 1, MOST_OPENS)
  move('open', openTime(opens), opens, reason)
end

local function merge()
  local known, knownOver, newest = ask.automatic, ask.override, 0
  if known.stamp > auto.stamp then newest = known.stamp end
  if knownOver.stamp > over.stamp then newest = math.max(newest, knownOver.stamp) end
  if newest > (now + 86400000) * 1024 then return true end
  if known.stamp > auto.stamp then
    if known.state == 'half-open' then
      known = {stamp = stampAfter(known.stamp), state = 'open', ['until'] = now, lasts = 0, opens = known.opens,
        reason = 'restored', by = ask.process, note = ''}
    end
    put(known)
  end
  if knownOver.stamp > over.stamp then putOverride(knownOver) end
  return false
end

local function beginAgain()
  if auto.state == 'open' and auto['until'] - now > auto.lasts then
    move('open', auto.lasts, auto.opens, auto.reason, auto.by, auto.note)
  end
  if over['until'] - now > over.lasts then setOverride(over.mode, over.lasts, over.by, over.reason) end
  for _, lease in ipairs(record.leases) do lease[2] = math.min(lease[2], now + lease[3]) end
end

local function dropExpired()
  local valid = {}
  for _, lease in ipairs(record.leases) do
    if lease[2] > now then valid[#valid + 1] = lease end
  end
  record.lost = record.lost + #record.leases - #valid
  record.leases = valid
  if record.lost >= LOST_PROBES then reopen('probesLost') end
  if over.mode ~= '' and over['until'] > 0 and over['until'] <= now then setOverride('', 0, '', '') end
end

local function obey()
  local kind, ms = ask.command, ask.commandFor
  if kind == '' then return end
  local opens = math.max(1, auto.opens)
  if kind == 'override' then
    setOverride(ask.commandMode, ms, ask.commandBy, ask.commandReason)
  elseif kind == 'reset' then
    move('closed', 0, 0, kind, ask.commandBy, ask.commandReason)
  else
    if kind == 'halfOpen' then ms = 0 elseif ms == 0 then ms = openTime(opens) end
    move('open', ms, opens, kind, ask.commandBy, ask.commandReason)
  end
end

local function newLease(id) return {id, now + policy.leaseMs, policy.leaseMs} end

local function settleProbe()
  local others, settled = {}, false
  for _, held in ipairs(record.leases) do
    local lease = held[1] == ask.renew and newLease(ask.renew) or held
    if lease[1] == ask.result then settled = true else others[#others + 1] = lease end
  end
  record.leases = others
  if not settled then return end
  if ask.outcome == 'failure' then
    reopen('probeFailed')
  elseif ask.outcome == 'success' then
    record.succeeded = record.succeeded + 1
    if record.succeeded >= policy.successes then move('closed', 0, 0, 'recovered') end
  end
end

local function addTo(window, counted)
  local current = math.floor(now / policy.bucketMs)
  local kept = {}
  for _, bucket in ipairs(window) do
    if bucket[1] > current - policy.buckets and bucket[1] <= current then kept[#kept + 1] = bucket end
  end
  if not counted then return kept end
  local last = kept[#kept]
  if not last or last[1] ~= current then
    last = {current, 0, 0, 0}
    kept[#kept + 1] = last
  end
  for i = 1, 3 do last[i + 1] = last[i + 1] + counted[i] end
  last[5] = nil
  return kept
end

local function noteReporter()
  local reporters = {}
  for _, reporter in ipairs(record.reporters) do
    if reporter[1] ~= ask.process then reporters[#reporters + 1] = reporter end
  end
  reporters[#reporters + 1] = {ask.process, now}
  while #reporters > policy.minReporters do table.remove(reporters, 1) end
  record.reporters = reporters
end

local function reporting()
  local since, n = now - policy.buckets * policy.bucketMs, 0
  for _, reporter in ipairs(record.reporters) do
    if reporter[2] > since and reporter[2] <= now then n = n + 1 end
  end
  return n
end

local function report()
  local success, failure, slow = 0, 0, 0
  if auto.state ~= 'closed' then return success, failure, slow end
  local counted = ask.automatic.stamp == auto.stamp and ask.report or nil
  local window = addTo(record.window, counted)
  if #window > 0 then record.window = window end
  for _, bucket in ipairs(window) do
    success, failure, slow = success + bucket[2], failure + bucket[3], slow + bucket[4]
  end
  if not counted then return success, failure, slow end
  if counted[2] + counted[3] > 0 then noteReporter() end
  local calls = success + failure
  local needed = live == 1 and 1 or policy.minReporters
  if calls < policy.minimumCalls or reporting() < needed then return success, failure, slow end
  if policy.failureRate > 0 and failure >= policy.failureRate * calls then
    reopen('failureRate')
  elseif policy.slowCallRate > 0 and slow >= policy.slowCallRate * calls then
    reopen('slowCallRate')
  end
  return success, failure, slow
end

local function grantLease()
  if ask.lease == '' then return '', '' end
  if auto.state == 'closed' then return '0', '' end
  if auto.state == 'open' then
    if auto['until'] > now then return '0', text(auto['until'] - now) end
    move('half-open', 0, auto.opens, 'elapsed')
  end
  for _, lease in ipairs(record.leases) do
    if lease[1] == ask.lease then return '1', '' end
  end
  if #record.leases < policy.probes then
    record.leases[#record.leases + 1] = newLease(ask.lease)
    return '1', ''
  end
  local wait = math.max(100, (live or 0) * 5.0)
  return '0', text(wait + math.floor(wait * ask.nonce / 1024))
end
`
