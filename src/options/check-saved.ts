import { REJECT_REASONS } from '../core/measure/counters.ts'
import type { Saved } from '../core/save.ts'
import { OVERRIDE_MODES } from '../core/state/override.ts'
import { RULE_NAMES, STATE_NAMES, TRANSITION_REASONS } from '../core/transition.ts'
import {
  integer,
  LONGEST_DURATION,
  list,
  ms,
  number,
  object,
  oneOf,
  optionalText,
  show,
  text,
  wrongType,
} from './validate.ts'

export type { Saved }

const COUNTS = [
  'admitted',
  'settled',
  'expired',
  'success',
  'failure',
  'neutral',
  'cancelled',
  'timeout',
  'stale',
] as const
const REJECTED = [...REJECT_REASONS, 'unenforced'] as const
const TRIP = [
  'age',
  'reason',
  'note',
  'finding',
  'ruleStatuses',
  'from',
  'generation',
  'enforced',
  'failures',
  'consecutiveFailures',
  'openFor',
  'reopened',
  'reopenedBy',
  'probeFailure',
  'rejected',
  'endedAge',
  'endedBy',
] as const

type Fields<K extends string> = Record<K, unknown>

/** No open time is longer, jitter included. */
const LONGEST_WAIT = 2 * LONGEST_DURATION

/** Checks what came from outside; gives it back as a copy that nobody else holds. */
export function checkSaved(value: unknown): Saved {
  if (typeof value !== 'object' || value === null) {
    throw wrongType('saved', 'what save() gave', value)
  }
  const { version } = value as Fields<'version'>
  if (version !== 1) {
    const newer = typeof version === 'number' && version > 1
    const hint = newer ? '; it was saved by a newer short-circuit: update this one' : ''
    throw new RangeError(`saved.version must be 1, got ${show(version)}${hint}`)
  }
  const saved = fields('saved', value, [
    'version',
    'generation',
    'state',
    'override',
    'counts',
    'trips',
    'before',
    'openings',
    'rate',
    'spent',
    'statistics',
    'baseline',
  ])
  integer('saved.generation', saved.generation, 1)
  checkState(saved.state)
  checkOverride(saved.override)
  checkCounts(saved.counts)
  checkBackground(saved)
  for (const [i, trip] of list('saved.trips', saved.trips).entries()) {
    checkTrip(`saved.trips[${i}]`, trip)
  }
  return JSON.parse(JSON.stringify(value)) as Saved
}

function checkState(value: unknown): void {
  const path = 'saved.state'
  const name = oneOf(`${path}.name`, (value as Fields<'name'> | null)?.name, STATE_NAMES)
  if (name === 'closed') {
    const state = fields(path, value, [
      'name',
      'for',
      'consecutiveFailures',
      'failures',
      'rules',
      'notBefore',
    ])
    integer(`${path}.consecutiveFailures`, state.consecutiveFailures, 0)
    ms(`${path}.notBefore`, state.notBefore, LONGEST_WAIT)
    ms(`${path}.for`, state.for)
    checkFailures(`${path}.failures`, state.failures)
    checkRules(`${path}.rules`, state.rules)
    return
  }
  const common = (state: Fields<'for' | 'trip'>): void => {
    ms(`${path}.for`, state.for)
    checkTrip(`${path}.trip`, state.trip)
  }
  if (name === 'open') {
    const state = fields(path, value, ['name', 'for', 'remaining', 'from', 'trip', 'notBefore'])
    common(state)
    ms(`${path}.remaining`, state.remaining, LONGEST_WAIT)
    ms(`${path}.from`, state.from)
    ms(`${path}.notBefore`, state.notBefore, LONGEST_WAIT)
  } else {
    const state = fields(path, value, ['name', 'for', 'trip', 'succeeded', 'notBefore'])
    common(state)
    integer(`${path}.succeeded`, state.succeeded, 0)
    ms(`${path}.notBefore`, state.notBefore, LONGEST_WAIT)
  }
}

function checkOverride(value: unknown): void {
  if (value === null) return
  const path = 'saved.override'
  const override = fields(path, value, ['mode', 'reason', 'by', 'for', 'remaining'])
  oneOf(`${path}.mode`, override.mode, OVERRIDE_MODES)
  optionalText(`${path}.reason`, override.reason)
  optionalText(`${path}.by`, override.by)
  ms(`${path}.for`, override.for)
  if (override.remaining !== null) ms(`${path}.remaining`, override.remaining, LONGEST_WAIT)
}

function checkCounts(value: unknown): void {
  const counts = fields('saved.counts', value, [...COUNTS, 'rejected'])
  for (const key of COUNTS) integer(`saved.counts.${key}`, counts[key], 0)
  const rejected = fields('saved.counts.rejected', counts.rejected, REJECTED)
  for (const key of REJECTED) integer(`saved.counts.rejected.${key}`, rejected[key], 0)
}

function checkTrip(path: string, value: unknown): void {
  const trip = fields(path, value, TRIP)
  for (const key of ['age', 'openFor'] as const) ms(`${path}.${key}`, trip[key])
  for (const key of ['generation', 'consecutiveFailures', 'reopened', 'rejected'] as const) {
    integer(`${path}.${key}`, trip[key], 0)
  }
  oneOf(`${path}.reason`, trip.reason, TRANSITION_REASONS)
  oneOf(`${path}.from`, trip.from, STATE_NAMES)
  optionalText(`${path}.note`, trip.note)
  if (typeof trip.enforced !== 'boolean') {
    throw wrongType(`${path}.enforced`, 'a boolean', trip.enforced)
  }
  if (trip.endedAge !== null) ms(`${path}.endedAge`, trip.endedAge)
  if (trip.reopenedBy !== null) {
    oneOf(`${path}.reopenedBy`, trip.reopenedBy, TRANSITION_REASONS)
  }
  if (trip.endedBy !== null) oneOf(`${path}.endedBy`, trip.endedBy, TRANSITION_REASONS)
  checkFailures(`${path}.failures`, trip.failures)
  if (trip.probeFailure !== null) checkFailure(`${path}.probeFailure`, trip.probeFailure)
  for (const [i, reading] of list(`${path}.ruleStatuses`, trip.ruleStatuses).entries()) {
    checkReading(`${path}.ruleStatuses[${i}]`, reading)
  }
  if (trip.finding !== null) checkFinding(`${path}.finding`, trip.finding)
}

function checkFinding(path: string, value: unknown): void {
  const numbers = ['calls', 'hits', 'failures', 'slow', 'overdue'] as const
  object(path, value, ['rule', 'observed', 'threshold', ...numbers])
  const finding = value as Fields<'rule' | 'observed' | 'threshold' | (typeof numbers)[number]>
  oneOf(`${path}.rule`, finding.rule, RULE_NAMES)
  ms(`${path}.observed`, finding.observed)
  ms(`${path}.threshold`, finding.threshold)
  for (const key of numbers) {
    if (finding[key] !== undefined) integer(`${path}.${key}`, finding[key], 0)
  }
}

function checkReading(path: string, value: unknown): void {
  const numbers = ['calls', 'hits', 'minimumCalls'] as const
  object(path, value, ['rule', 'observed', 'threshold', ...numbers])
  const reading = value as Fields<'rule' | 'observed' | 'threshold' | (typeof numbers)[number]>
  oneOf(`${path}.rule`, reading.rule, RULE_NAMES)
  ms(`${path}.observed`, reading.observed)
  ms(`${path}.threshold`, reading.threshold)
  for (const key of numbers) {
    if (reading[key] !== undefined) integer(`${path}.${key}`, reading[key], 0)
  }
}

function checkStatistics(value: unknown): void {
  if (value === null) return
  const path = 'saved.statistics'
  const statistics = fields(path, value, ['latency', 'failedFor', 'failed'])
  ms(`${path}.failedFor`, statistics.failedFor)
  integer(`${path}.failed`, statistics.failed, 0)
  const latency = fields(`${path}.latency`, statistics.latency, ['sum', 'max', 'buckets'])
  ms(`${path}.latency.sum`, latency.sum)
  ms(`${path}.latency.max`, latency.max)
  for (const [i, bucket] of list(`${path}.latency.buckets`, latency.buckets).entries()) {
    const at = `${path}.latency.buckets[${i}]`
    const [index, count, ...more] = list(at, bucket)
    if (more.length > 0) throw wrongType(at, '[bucket, count]', bucket)
    integer(`${at}[0]`, index, 0, 1000)
    integer(`${at}[1]`, count, 1)
  }
}

function checkFailures(path: string, value: unknown): void {
  for (const [i, item] of list(path, value).entries()) checkFailure(`${path}[${i}]`, item)
}

function checkFailure(path: string, value: unknown): void {
  const failure = fields(path, value, ['name', 'code', 'message', 'age'])
  text(`${path}.name`, failure.name)
  text(`${path}.message`, failure.message)
  if (typeof failure.code !== 'number') optionalText(`${path}.code`, failure.code)
  ms(`${path}.age`, failure.age)
}

function checkRules(path: string, value: unknown): void {
  if (value === null) return
  const rules = fields(path, value, ['failureRate', 'slowCallRate', 'evidence'])
  checkWindow(`${path}.failureRate`, rules.failureRate)
  checkWindow(`${path}.slowCallRate`, rules.slowCallRate)
  if (rules.evidence === null) return
  const at = `${path}.evidence`
  const evidence = fields(at, rules.evidence, ['score', 'for', 'failures', 'slow', 'overdue'])
  ms(`${at}.score`, evidence.score)
  ms(`${at}.for`, evidence.for)
  for (const key of ['failures', 'slow', 'overdue'] as const)
    integer(`${at}.${key}`, evidence[key], 0)
}

function checkWindow(path: string, value: unknown): void {
  if (value === null) return
  object(path, value, ['flags', 'slices'])
  const { flags, slices } = value as Fields<'flags' | 'slices'>
  if (flags !== undefined) {
    for (const [i, flag] of list(`${path}.flags`, flags).entries()) {
      integer(`${path}.flags[${i}]`, flag, 0, 1)
    }
    return
  }
  for (const [i, slice] of list(`${path}.slices`, slices).entries()) {
    const at = `${path}.slices[${i}]`
    const [age, hits, calls, ...more] = list(at, slice)
    if (more.length > 0) throw wrongType(at, '[age, hits, calls]', slice)
    ms(`${at}[0]`, age)
    integer(`${at}[2]`, calls, 0)
    integer(`${at}[1]`, hits, 0, calls as number)
  }
}

function checkBackground(
  saved: Fields<'before' | 'openings' | 'rate' | 'spent' | 'statistics' | 'baseline'>,
): void {
  const before = fields('saved.before', saved.before, ['success', 'failure'])
  integer('saved.before.success', before.success, 0)
  integer('saved.before.failure', before.failure, 0)
  const openings = fields('saved.openings', saved.openings, [
    'level',
    'used',
    'episodeFor',
    'last',
    'closedFor',
  ])
  integer('saved.openings.level', openings.level, 0)
  integer('saved.openings.used', openings.used, 0)
  if (openings.episodeFor !== null) ms('saved.openings.episodeFor', openings.episodeFor)
  ms('saved.openings.last', openings.last)
  ms('saved.openings.closedFor', openings.closedFor)
  const rate = fields('saved.rate', saved.rate, ['calls', 'time'])
  ms('saved.rate.calls', rate.calls)
  ms('saved.rate.time', rate.time)
  const spent = fields('saved.spent', saved.spent, STATE_NAMES)
  for (const state of STATE_NAMES) ms(`saved.spent.${state}`, spent[state])
  checkStatistics(saved.statistics)
  const baseline = fields('saved.baseline', saved.baseline, [
    'samples',
    'mean',
    'variance',
    'floor',
  ])
  integer('saved.baseline.samples', baseline.samples, 0)
  number('saved.baseline.mean', baseline.mean, () => true, 'any')
  ms('saved.baseline.variance', baseline.variance)
  ms('saved.baseline.floor', baseline.floor)
}

function fields<const K extends string>(
  path: string,
  value: unknown,
  known: readonly K[],
): Fields<K> {
  object(path, value, known)
  const missing = known.find((key) => !Object.hasOwn(value as object, key))
  if (missing !== undefined)
    throw new TypeError(`${path} must have ${show(missing)}, it is missing`)
  return value as Fields<K>
}
