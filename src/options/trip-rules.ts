import type { SavedFailureCount } from '../core/trip/failure-count.ts'
import type { SavedRules } from '../core/trip/rules.ts'
import type { Resolved, ResolvedOptions } from '../options.ts'
import type {
  EvidenceOptions,
  FailureCountOptions,
  FailureRateOptions,
  SlowCallRateOptions,
  TripRules,
  WindowOptions,
} from './policy-options.ts'
import { type Check, checkOptions, checkShape, type Fields, type FieldsOf } from './shapes.ts'
import {
  boolean,
  callable,
  count,
  duration,
  integer,
  ms,
  number,
  object,
  wrongType,
} from './validate.ts'

// What comes from outside for a rule: its options, their defaults, and what it has saved.

/** Calls; a window takes one bit of memory for each. */
const LARGEST_WINDOW = 100_000

/** A failure that took at least this long counts as much as a hung call, ms. */
export const SLOW_FAILURE_MS = 800

export const atLeast1: Check = (path, value) => integer(path, value, 1)
export const atLeast0: Check = (path, value) =>
  number(path, value, (value) => value >= 0, 'at least 0')
const share: Check = (path, value) => {
  number(path, value, (value) => value > 0 && value <= 1, 'more than 0 and at most 1')
}

const windowOptions = {
  calls: (path, value) => integer(path, value, 1, LARGEST_WINDOW),
  duration: (path, value) => {
    duration(path, value)
    number(path, value, (value) => value >= 1, 'at least 1')
  },
} satisfies Fields
const window: Check = (path, value) => {
  checkOptions(windowOptions, path, value)
  const { calls, duration } = value as { calls?: unknown; duration?: unknown }
  if ((calls === undefined) === (duration === undefined)) {
    const got = calls === undefined ? 'neither' : 'both'
    throw new TypeError(`${path} must have either calls or duration, got ${got}`)
  }
}
const failureCount = {
  threshold: (path, value) => integer(path, value, 1, LARGEST_WINDOW),
  window,
} satisfies FieldsOf<FailureCountOptions>
const failureRate = { threshold: share, minimumCalls: atLeast1, window } satisfies Fields
const slowCallRate = {
  threshold: share,
  minimumCalls: atLeast1,
  window,
  slowerThan: duration,
} satisfies FieldsOf<SlowCallRateOptions>
const evidence = {
  threshold: (path, value) => number(path, value, (value) => value > 0, 'more than 0'),
  slowerThan: duration,
  minimumSpan: atLeast0,
  overdue: boolean,
} satisfies FieldsOf<EvidenceOptions>
/** What the options of each rule must be. */
export const ruleOptions: FieldsOf<TripRules> = {
  consecutiveFailures: atLeast1,
  failureCount,
  failureRate,
  slowCallRate,
  evidence,
  when: callable,
}

/** The rules with every default applied, frozen; those that are not given are undefined. */
export function resolveRules(rules: TripRules): ResolvedOptions['trip'] {
  const { consecutiveFailures, failureCount, failureRate, slowCallRate, evidence, when } = rules
  return Object.freeze({
    consecutiveFailures,
    failureCount: failureCount && resolveCount(failureCount),
    failureRate: failureRate && Object.freeze(resolveRate('trip.failureRate', failureRate)),
    slowCallRate: slowCallRate && resolveSlowCallRate(slowCallRate),
    evidence: evidence && resolveEvidence(evidence),
    when,
  })
}

function resolveRate(path: string, rate: FailureRateOptions): Resolved<FailureRateOptions> {
  const { threshold = 0.5, minimumCalls = 10, window = { duration: 10_000 } } = rate
  return {
    threshold,
    minimumCalls,
    window: resolveWindow(window, `${path}.minimumCalls`, minimumCalls),
  }
}

function resolveCount(count: FailureCountOptions): Resolved<FailureCountOptions> {
  const { threshold = 5, window = { duration: 60_000 } } = count
  const path = 'trip.failureCount.threshold'
  return Object.freeze({ threshold, window: resolveWindow(window, path, threshold) })
}

/** A copy of a window that must have room for so many calls, which the option at `path` asks for. */
function resolveWindow(window: WindowOptions, path: string, needed: number): WindowOptions {
  // The one that was not given may be there, and undefined.
  const { calls, duration } = window as { calls?: number; duration: number }
  if (calls !== undefined && needed > calls) {
    throw new RangeError(
      `${path} must be at most window.calls (${calls}) or the rule can never fire, got ${needed}`,
    )
  }
  return Object.freeze(calls === undefined ? { duration } : { calls })
}

function resolveSlowCallRate(rate: SlowCallRateOptions): Resolved<SlowCallRateOptions> {
  const path = 'trip.slowCallRate'
  // Unlike other options it has no default.
  const slowerThan = duration(`${path}.slowerThan`, rate.slowerThan)
  return Object.freeze({ ...resolveRate(path, rate), slowerThan })
}

function resolveEvidence(evidence: EvidenceOptions): Resolved<EvidenceOptions> {
  const { threshold = 10, slowerThan = SLOW_FAILURE_MS } = evidence
  const { minimumSpan = 250, overdue = true } = evidence
  return Object.freeze({ threshold, slowerThan, minimumSpan, overdue })
}

const slice: Check = (path, value) => {
  const [age, hits, calls] = tuple(path, value, '[age, hits, calls]', 3)
  ms(`${path}[0]`, age)
  count(`${path}[2]`, calls)
  integer(`${path}[1]`, hits, 0, calls as number)
}
const flag: Check = (path, value) => integer(path, value, 0, 1)
/** Of a window of calls the flags are saved, of a window of time the slices. */
const savedWindow: Check = (path, value) => {
  object(path, value, ['flags', 'slices'], 'field')
  const { flags, slices } = value as { flags?: unknown; slices?: unknown }
  if (flags === undefined) checkShape({ each: slice, most: 100 }, `${path}.slices`, slices)
  else checkShape({ each: flag, most: LARGEST_WINDOW }, `${path}.flags`, flags)
}
const charges = { for: ms, failures: count, slow: count, overdue: count }
/** What each rule saves; a rule that an older version did not know has saved nothing. */
export const savedRules: FieldsOf<SavedRules> = {
  failureCount: {
    optional: [
      null,
      {
        unit: ['calls', 'duration'],
        ages: { each: ms, most: LARGEST_WINDOW },
      } satisfies FieldsOf<SavedFailureCount>,
    ],
  },
  failureRate: { optional: [null, savedWindow] },
  slowCallRate: { optional: [null, savedWindow] },
  evidence: {
    optional: [null, { score: ms, ...charges, streak: { optional: [null, charges] } }],
  },
}

export function tuple(path: string, value: unknown, shape: string, length: number): unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw wrongType(path, shape, value)
  return value
}
