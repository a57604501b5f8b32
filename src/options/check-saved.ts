import type { Counts } from '../core/measure/counters.ts'
import type { Saved, SavedFailure, SavedState, SavedTrip } from '../core/save.ts'
import { OVERRIDE_MODES } from '../core/state/override.ts'
import { RULE_NAMES, STATE_NAMES, TRANSITION_REASONS } from '../core/transition.ts'
import type { Finding, RuleStatus } from '../core/trip/record.ts'
import type { SavedRules } from '../core/trip/rules.ts'
import {
  boolean,
  integer,
  LONGEST_DURATION,
  list,
  ms,
  number,
  object,
  oneOf,
  show,
  text,
  wrongType,
} from './validate.ts'

export type { Saved }

type Check = (path: string, value: unknown) => void
type Fields = { readonly [key: string]: Shape }
/** A check, the names that are allowed, what may be null, what every item is, or fields. */
type Shape = Check | readonly string[] | readonly [null, Shape] | { readonly each: Shape } | Fields

/** One shape for every field: what is added to saved state can't be left unchecked. */
type FieldsOf<T> = { readonly [K in keyof T]-?: Shape }
type StateFields<N> = FieldsOf<Extract<SavedState, { readonly name: N }>>

const count: Check = (path, value) => integer(path, value, 0)
const optionalCount: Check = (path, value) => value === undefined || count(path, value)
const positive: Check = (path, value) => integer(path, value, 1)
/** No open time is longer, jitter included. */
const wait: Check = (path, value) => ms(path, value, 2 * LONGEST_DURATION)
const finite: Check = (path, value) => number(path, value, () => true, 'finite')
const code: Check = (path, value) => {
  if (typeof value !== 'number' && value !== null) text(path, value)
}
const bucket: Check = (path, value) => {
  const [index, calls] = tuple(path, value, '[bucket, count]', 2)
  integer(`${path}[0]`, index, 0, 1000)
  positive(`${path}[1]`, calls)
}
const slice: Check = (path, value) => {
  const [age, hits, calls] = tuple(path, value, '[age, hits, calls]', 3)
  ms(`${path}[0]`, age)
  count(`${path}[2]`, calls)
  integer(`${path}[1]`, hits, 0, calls as number)
}
const flag: Check = (path, value) => integer(path, value, 0, 1)
/** Of a window of calls the flags are saved, of a window of time the slices. */
const window: Check = (path, value) => {
  object(path, value, ['flags', 'slices'], 'field')
  const { flags, slices } = value as { flags?: unknown; slices?: unknown }
  if (flags === undefined) check({ each: slice }, `${path}.slices`, slices)
  else check({ each: flag }, `${path}.flags`, flags)
}

const failure = { name: text, code, message: text, age: ms } satisfies FieldsOf<SavedFailure>
const finding = {
  rule: RULE_NAMES,
  observed: ms,
  threshold: ms,
  calls: optionalCount,
  hits: optionalCount,
  failures: optionalCount,
  slow: optionalCount,
  overdue: optionalCount,
} satisfies FieldsOf<Finding>
const ruleStatus = {
  rule: RULE_NAMES,
  observed: ms,
  threshold: ms,
  calls: optionalCount,
  hits: optionalCount,
  minimumCalls: optionalCount,
} satisfies FieldsOf<RuleStatus>
const trip = {
  age: ms,
  reason: TRANSITION_REASONS,
  note: [null, text],
  finding: [null, finding],
  ruleStatuses: { each: ruleStatus },
  from: STATE_NAMES,
  generation: count,
  enforced: boolean,
  failures: { each: failure },
  consecutiveFailures: count,
  openFor: ms,
  reopened: count,
  reopenedBy: [null, TRANSITION_REASONS],
  probeFailure: [null, failure],
  rejected: count,
  endedAge: [null, ms],
  endedBy: [null, TRANSITION_REASONS],
} satisfies FieldsOf<SavedTrip>
const rules = {
  failureRate: [null, window],
  slowCallRate: [null, window],
  evidence: [null, { score: ms, for: ms, failures: count, slow: count, overdue: count }],
} satisfies FieldsOf<SavedRules>
const states = {
  closed: {
    name: text,
    for: ms,
    consecutiveFailures: count,
    failures: { each: failure },
    rules: [null, rules],
    notBefore: wait,
  } satisfies StateFields<'closed'>,
  open: {
    name: text,
    for: ms,
    remaining: wait,
    from: ms,
    trip,
    notBefore: wait,
  } satisfies StateFields<'open'>,
  'half-open': {
    name: text,
    for: ms,
    succeeded: count,
    trip,
    notBefore: wait,
  } satisfies StateFields<'half-open'>,
} satisfies Record<SavedState['name'], Shape>
const state: Check = (path, value) => {
  const name = (value as { name?: unknown } | null)?.name
  check(states[oneOf(`${path}.name`, name, STATE_NAMES)], path, value)
}
const override = {
  mode: OVERRIDE_MODES,
  reason: [null, text],
  by: [null, text],
  for: ms,
  remaining: [null, wait],
} satisfies FieldsOf<NonNullable<Saved['override']>>
const rejected = {
  open: count,
  'half-open': count,
  'forced-open': count,
  full: count,
  unenforced: count,
} satisfies FieldsOf<Counts['rejected']>
const counts = {
  admitted: count,
  settled: count,
  expired: count,
  success: count,
  failure: count,
  neutral: count,
  cancelled: count,
  timeout: count,
  stale: count,
  rejected,
} satisfies FieldsOf<Counts>
const saved = {
  version: positive,
  generation: positive,
  state,
  override: [null, override],
  counts,
  before: { success: count, failure: count },
  openings: { level: count, used: count, episodeFor: [null, ms], last: ms, closedFor: ms },
  rate: { calls: ms, time: ms },
  spent: { closed: ms, open: ms, 'half-open': ms },
  statistics: [
    null,
    { failedFor: ms, failed: count, latency: { sum: ms, max: ms, buckets: { each: bucket } } },
  ],
  baseline: { samples: count, mean: finite, variance: ms, floor: ms },
  trips: { each: trip },
} satisfies FieldsOf<Saved>

/**
 * Checks saved state that came from outside.
 *
 * @returns a copy, so that later changes of the original have no effect
 * @throws TypeError or RangeError that names the first wrong field, what was expected and what it is
 */
export function checkSaved(value: unknown): Saved {
  if (typeof value !== 'object' || value === null) {
    throw wrongType('saved', 'what save() returned', value)
  }
  const { version } = value as { version?: unknown }
  if (version !== 1) {
    const newer = typeof version === 'number' && version > 1
    const hint = newer ? '; it was saved by a newer short-circuit: update this one' : ''
    throw new RangeError(`saved.version must be 1, got ${show(version)}${hint}`)
  }
  check(saved, 'saved', value)
  return JSON.parse(JSON.stringify(value)) as Saved
}

function check(shape: Shape, path: string, value: unknown): void {
  if (typeof shape === 'function') shape(path, value)
  else if (isNullable(shape)) value === null || check(shape[1], path, value)
  else if (isNames(shape)) oneOf(path, value, shape)
  else if (isEach(shape)) {
    for (const [i, item] of list(path, value).entries()) {
      check(shape.each, `${path}[${i}]`, item)
    }
  } else checkFields(shape, path, value)
}

const isNullable = (shape: Shape): shape is readonly [null, Shape] => {
  return Array.isArray(shape) && shape[0] === null
}
const isNames = (shape: Shape): shape is readonly string[] => Array.isArray(shape)
const isEach = (shape: Shape): shape is { readonly each: Shape } => 'each' in shape

function checkFields(fields: Fields, path: string, value: unknown): void {
  object(path, value, Object.keys(fields), 'field')
  for (const [key, shape] of Object.entries(fields)) {
    if (shape !== optionalCount && !Object.hasOwn(value as object, key)) {
      throw new TypeError(`${path} must have ${show(key)}, it is missing`)
    }
    check(shape, `${path}.${key}`, (value as Record<string, unknown>)[key])
  }
}

function tuple(path: string, value: unknown, shape: string, length: number): unknown[] {
  const items = list(path, value)
  if (items.length > length) throw wrongType(path, shape, value)
  return items
}
