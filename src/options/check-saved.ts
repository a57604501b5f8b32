import type { Counts } from '../core/measure/counters.ts'
import { MOST_STEPS } from '../core/recovery/open-duration.ts'
import type { Saved, SavedFailure, SavedState, SavedTrip } from '../core/save.ts'
import { OVERRIDE_MODES } from '../core/state/override.ts'
import { RULE_NAMES, STATE_NAMES, TRANSITION_REASONS } from '../core/transition.ts'
import type { Finding, RuleStatus } from '../core/trip/record.ts'
import { type Check, checkShape, type FieldsOf, type Shape } from './shapes.ts'
import { atLeast0, atLeast1, savedRules, tuple } from './trip-rules.ts'
import {
  boolean,
  count,
  integer,
  LONGEST_DURATION,
  ms,
  number,
  oneOf,
  show,
  text,
  wrongType,
} from './validate.ts'

type StateFields<N> = FieldsOf<Extract<SavedState, { readonly name: N }>>

const optionalCount = { optional: count }
const positive: Check = (path, value) => count(path, value, 1)
/** No open time is longer, jitter included. */
const wait: Check = (path, value) => ms(path, value, 2 * LONGEST_DURATION)
/** A logarithm of ms: no latency has a longer one. */
const logarithm: Check = (path, value) => {
  number(path, value, (value) => Math.abs(value) <= 100, 'from -100 to 100')
}
const level: Check = (path, value) => integer(path, value, 0, MOST_STEPS)
const code: Check = (path, value) => {
  if (typeof value !== 'number' && value !== null) text(path, value)
}
const bucket: Check = (path, value) => {
  const [index, calls] = tuple(path, value, '[bucket, count]', 2)
  integer(`${path}[0]`, index, 0, 1000)
  positive(`${path}[1]`, calls)
}

const failure = { name: text, code, message: text, age: ms } satisfies FieldsOf<SavedFailure>
const finding = {
  rule: RULE_NAMES,
  observed: ms,
  threshold: atLeast0,
  calls: optionalCount,
  hits: optionalCount,
  within: { optional: ms },
  failures: optionalCount,
  slow: optionalCount,
  overdue: optionalCount,
} satisfies FieldsOf<Finding>
const ruleStatus = {
  rule: RULE_NAMES,
  observed: ms,
  threshold: atLeast0,
  calls: optionalCount,
  hits: optionalCount,
  minimumCalls: { optional: atLeast1 },
} satisfies FieldsOf<RuleStatus>
const trip = {
  age: ms,
  reason: TRANSITION_REASONS,
  note: [null, text],
  by: { optional: [null, text] },
  finding: [null, finding],
  ruleStatuses: { each: ruleStatus, most: 100 },
  from: STATE_NAMES,
  generation: count,
  enforced: boolean,
  failures: { each: failure, most: 100 },
  consecutiveFailures: count,
  openFor: [null, atLeast0],
  reopened: count,
  reopenedBy: [null, TRANSITION_REASONS],
  probeFailure: [null, failure],
  rejected: count,
  endedAge: [null, ms],
  endedBy: [null, TRANSITION_REASONS],
} satisfies FieldsOf<SavedTrip>
const states = {
  closed: {
    name: text,
    for: ms,
    consecutiveFailures: count,
    failures: { each: failure, most: 100 },
    rules: [null, savedRules],
    notBefore: wait,
  } satisfies StateFields<'closed'>,
  open: {
    name: text,
    for: ms,
    remaining: [null, atLeast0],
    from: ms,
    lasts: { optional: [null, wait] },
    trip,
    notBefore: wait,
  } satisfies StateFields<'open'>,
  'half-open': {
    name: text,
    for: ms,
    succeeded: count,
    failed: optionalCount,
    trip,
    notBefore: wait,
  } satisfies StateFields<'half-open'>,
} satisfies Record<SavedState['name'], Shape>
const state: Check = (path, value) => {
  const name = (value as { name?: unknown } | null)?.name
  checkShape(states[oneOf(`${path}.name`, name, STATE_NAMES)], path, value)
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
  fallbacks: optionalCount,
  failedFallbacks: optionalCount,
  rejected,
} satisfies FieldsOf<Counts>
const saved = {
  version: positive,
  generation: positive,
  state,
  override: [null, override],
  counts,
  countsAtClose: { success: count, failure: count },
  openings: {
    level,
    used: level,
    episodeFor: [null, ms],
    took: { optional: [null, ms] },
    closedFor: ms,
    // Of older versions.
    last: { optional: atLeast0 },
  },
  rate: { calls: ms, time: ms },
  timeInState: { closed: ms, open: ms, 'half-open': ms },
  statistics: [
    null,
    {
      failedFor: ms,
      failed: count,
      latency: { sum: ms, max: ms, buckets: { each: bucket, most: 1001 } },
    },
  ],
  baseline: {
    samples: count,
    mean: logarithm,
    variance: (path, value) => ms(path, value, 10_000),
    floor: ms,
  },
  trips: { each: trip, most: 1000 },
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
  const version = read(() => (value as { version?: unknown }).version)
  if (version !== 1) {
    const newer = typeof version === 'number' && version > 1
    const hint = newer ? '; it was saved by a newer short-circuit: update this one' : ''
    throw new RangeError(`saved.version must be 1, got ${show(version)}${hint}`)
  }
  const own = read(() => copyOf(value, { values: MOST_VALUES }))
  checkShape(saved, 'saved', own)
  return own as Saved
}

/** More than this is no saved state. */
const MOST_VALUES = 1_000_000

/** Reads every field once, so that what is checked is what is used. */
function copyOf(value: unknown, left: { values: number }): unknown {
  left.values -= Array.isArray(value) ? value.length + 1 : 1
  if (left.values < 0) throw new RangeError(`saved must have at most ${MOST_VALUES} values`)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value, (item) => copyOf(item, left))
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([key, field]) => [key, copyOf(field, left)]))
}

/** Runs what may run a getter of the user's, or a proxy. */
function read<T>(from: () => T): T {
  try {
    return from()
  } catch (cause) {
    // It is too large, or refers to itself.
    if (cause instanceof RangeError) throw cause
    throw new TypeError("saved can't be read", { cause })
  }
}
