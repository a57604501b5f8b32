import type { Saved } from './core/saved.ts'
import { integer, object, show, wrongType } from './validate.ts'

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
const REFUSALS = ['open', 'half-open', 'forced-open', 'full', 'unenforced'] as const
const STATES = ['closed', 'open', 'half-open'] as const
const MODES = ['forced-open', 'forced-closed', 'disabled'] as const
const REASONS = [
  'consecutiveFailures',
  'manual',
  'probeFailed',
  'probeExpired',
  'elapsed',
  'recovered',
  'reset',
] as const
const TRIP = [
  'age',
  'reason',
  'note',
  'finding',
  'from',
  'generation',
  'enforced',
  'failures',
  'streak',
  'openFor',
  'rejected',
  'endedAge',
  'endedBy',
] as const

type Fields<K extends string> = Record<K, unknown>

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
  ])
  integer('saved.generation', saved.generation, 1)
  checkState(saved.state)
  checkOverride(saved.override)
  checkCounts(saved.counts)
  for (const [i, trip] of list('saved.trips', saved.trips).entries()) {
    checkTrip(`saved.trips[${i}]`, trip)
  }
  return structuredClone(value) as Saved
}

function checkState(value: unknown): void {
  const path = 'saved.state'
  const name = oneOf(`${path}.name`, (value as Fields<'name'> | null)?.name, STATES)
  if (name === 'closed') {
    const state = fields(path, value, ['name', 'for', 'streak', 'failures', 'notBefore'])
    integer(`${path}.streak`, state.streak, 0)
    ms(`${path}.notBefore`, state.notBefore)
    ms(`${path}.for`, state.for)
    checkFailures(`${path}.failures`, state.failures)
    return
  }
  const common = (state: Fields<'for' | 'trip'>): void => {
    ms(`${path}.for`, state.for)
    checkTrip(`${path}.trip`, state.trip)
  }
  if (name === 'open') {
    const state = fields(path, value, ['name', 'for', 'trip', 'remaining'])
    common(state)
    ms(`${path}.remaining`, state.remaining)
  } else {
    const state = fields(path, value, ['name', 'for', 'trip', 'succeeded', 'notBefore'])
    common(state)
    integer(`${path}.succeeded`, state.succeeded, 0)
    ms(`${path}.notBefore`, state.notBefore)
  }
}

function checkOverride(value: unknown): void {
  if (value === null) return
  const path = 'saved.override'
  const override = fields(path, value, ['mode', 'reason', 'by', 'for', 'remaining'])
  oneOf(`${path}.mode`, override.mode, MODES)
  optionalText(`${path}.reason`, override.reason)
  optionalText(`${path}.by`, override.by)
  ms(`${path}.for`, override.for)
  if (override.remaining !== null) ms(`${path}.remaining`, override.remaining)
}

function checkCounts(value: unknown): void {
  const counts = fields('saved.counts', value, [...COUNTS, 'rejected'])
  for (const key of COUNTS) integer(`saved.counts.${key}`, counts[key], 0)
  const rejected = fields('saved.counts.rejected', counts.rejected, REFUSALS)
  for (const key of REFUSALS) integer(`saved.counts.rejected.${key}`, rejected[key], 0)
}

function checkTrip(path: string, value: unknown): void {
  const trip = fields(path, value, TRIP)
  for (const key of ['age', 'openFor'] as const) ms(`${path}.${key}`, trip[key])
  for (const key of ['generation', 'streak', 'rejected'] as const) {
    integer(`${path}.${key}`, trip[key], 0)
  }
  oneOf(`${path}.reason`, trip.reason, REASONS)
  oneOf(`${path}.from`, trip.from, STATES)
  optionalText(`${path}.note`, trip.note)
  if (typeof trip.enforced !== 'boolean') {
    throw wrongType(`${path}.enforced`, 'a boolean', trip.enforced)
  }
  if (trip.endedAge !== null) ms(`${path}.endedAge`, trip.endedAge)
  if (trip.endedBy !== null) oneOf(`${path}.endedBy`, trip.endedBy, REASONS)
  checkFailures(`${path}.failures`, trip.failures)
  if (trip.finding === null) return
  const finding = fields(`${path}.finding`, trip.finding, ['rule', 'observed', 'threshold'])
  oneOf(`${path}.finding.rule`, finding.rule, REASONS)
  ms(`${path}.finding.observed`, finding.observed)
  ms(`${path}.finding.threshold`, finding.threshold)
}

function checkFailures(path: string, value: unknown): void {
  list(path, value).forEach((item, i) => {
    const at = `${path}[${i}]`
    const failure = fields(at, item, ['name', 'code', 'message', 'age'])
    text(`${at}.name`, failure.name)
    text(`${at}.message`, failure.message)
    if (typeof failure.code !== 'number') optionalText(`${at}.code`, failure.code)
    ms(`${at}.age`, failure.age)
  })
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

function list(path: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw wrongType(path, 'an array', value)
  return value
}

function ms(path: string, value: unknown): void {
  if (typeof value !== 'number') throw wrongType(path, 'a number of at least 0', value)
  if (!(value >= 0 && value < Infinity)) {
    throw new RangeError(`${path} must be a number of at least 0, got ${value}`)
  }
}

function text(path: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongType(path, 'a string', value)
}

function optionalText(path: string, value: unknown): void {
  if (value !== null) text(path, value)
}

function oneOf<const T extends string>(path: string, value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T
  throw wrongType(path, `one of ${known.map(show).join(', ')}`, value)
}
