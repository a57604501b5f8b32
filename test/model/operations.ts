import fc from 'fast-check'
import type { Heard, Mode, Word } from './reference-model.ts'
import type {
  CountSettings,
  GrowingTime,
  ListedTimes,
  ModelSettings,
  RateSettings,
} from './settings.ts'

/** Where the clock goes: by so many ms, or to just before, at or after what is due next. */
export type Step =
  | { readonly by: number }
  | { readonly toDue: -1 | 0 | 1 }
  | { readonly toEndOf: number; readonly plus: -1 | 0 | 1 }

/** One thing to do with both. Calls are named by their place among those in flight. */
export type Operation =
  | { readonly do: 'admit'; readonly backstop?: number }
  | { readonly do: 'call'; readonly heard: Heard }
  | { readonly do: 'settle'; readonly which: number; readonly heard: Heard }
  | { readonly do: 'deliver'; readonly which: number }
  | { readonly do: 'clock'; readonly step: Step }
  | { readonly do: 'trip' }
  | { readonly do: 'reset' }
  | { readonly do: 'halfOpen' }
  | { readonly do: 'hear'; readonly word: Word | undefined }
  /** Granted, or when to ask again. */
  | { readonly do: 'lease'; readonly retryMs: number | undefined }
  | { readonly do: 'report' }
  | { readonly do: 'force'; readonly mode: Mode; readonly lasts?: number }
  | { readonly do: 'release' }
  | { readonly do: 'configure'; readonly patch: Partial<ModelSettings> }
  | { readonly do: 'continue'; readonly reading: number }

const outcome = fc.oneof(
  { weight: 6, arbitrary: fc.constant('failure' as const) },
  { weight: 5, arbitrary: fc.constant('success' as const) },
  { weight: 1, arbitrary: fc.constant('neutral' as const) },
  { weight: 1, arbitrary: fc.constant('cancelled' as const) },
)
const retryAfter = fc.option(fc.constantFrom(0, 50, 500, 5_000, 70_000), {
  freq: 8,
  nil: undefined,
})

export const heard: fc.Arbitrary<Heard> = fc
  .record({ outcome, timedOut: fc.boolean(), retryAfter })
  .map(({ outcome, timedOut, retryAfter }) =>
    outcome === 'failure' ? { outcome, timedOut, ...(retryAfter && { retryAfter }) } : { outcome },
  )

const edge = fc.constantFrom(-1 as const, 0 as const, 1 as const)
const mode = fc.constantFrom<Mode>('forced-open', 'forced-closed', 'disabled')
const which = fc.nat({ max: 7 })

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ toDue: edge }) },
  { weight: 2, arbitrary: fc.record({ toEndOf: which, plus: edge }) },
  { weight: 3, arbitrary: fc.record({ by: fc.constantFrom(0, 1, 9, 10, 11, 50, 99, 100, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ by: fc.constantFrom(-1, -50, -1_000, 3_600_000) }) },
)

const rate: fc.Arbitrary<RateSettings> = fc.record({
  threshold: fc.constantFrom(0.25, 0.5, 0.6, 1),
  minimumCalls: fc.integer({ min: 1, max: 4 }),
  window: fc.constantFrom({ calls: 4 }, { calls: 7 }, { duration: 100 }, { duration: 1_000 }),
})
const slow = fc
  .record({ rate, slowerThan: fc.constantFrom(1, 10, 50) })
  .map(({ rate, slowerThan }) => ({ ...rate, slowerThan }))
const failureCount: fc.Arbitrary<CountSettings> = fc.record({
  threshold: fc.integer({ min: 1, max: 4 }),
  window: fc.constantFrom({ calls: 4 }, { calls: 7 }, { duration: 10 }, { duration: 1_000 }),
})
const growing: fc.Arbitrary<GrowingTime> = fc.constantFrom(
  { initial: 100, max: 1_000, factor: 2, jitter: 0 },
  { initial: 50, max: 10_000, factor: 4, jitter: 0.25 },
)
const fixed = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(1, 10, 100, 1_000) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
)
const listed: fc.Arbitrary<ListedTimes> = fc.constantFrom({ list: [10] }, { list: [100, 1, 1_000] })
const recovery = fc
  .record({
    probes: fc.integer({ min: 1, max: 4 }),
    spare: fc.constantFrom(0, 0, 1, 2),
    concurrent: fc.integer({ min: 1, max: 3 }),
    probeTimeout: fc.constantFrom(1, 10, 100, 500),
  })
  .map(({ spare, ...value }) => ({ ...value, successes: Math.max(1, value.probes - spare) }))
const maxConcurrent = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 4 }))

export const settings: fc.Arbitrary<ModelSettings> = fc
  .record({
    consecutiveFailures: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    failureCount: fc.option(failureCount, { nil: undefined }),
    failureRate: fc.option(rate, { nil: undefined }),
    slowCallRate: fc.option(slow, { nil: undefined }),
    openTime: fc.oneof(fixed, growing, listed),
    recovery,
    maxConcurrent,
    history: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ recovery, ...value }) => ({ ...value, ...recovery }))
  .map((value) =>
    (value.failureCount ?? value.failureRate ?? value.slowCallRate) === undefined
      ? { ...value, consecutiveFailures: value.consecutiveFailures ?? 2 }
      : value,
  )

/** Changes that leave the kind of each rule alone: what those lose is said in words only. */
export const patch: fc.Arbitrary<Partial<ModelSettings>> = fc.oneof(
  fc.record({ consecutiveFailures: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ openTime: fixed }),
  fc.record({ openTime: growing }),
  fc.record({ openTime: listed }),
  recovery,
  fc.record({ maxConcurrent }),
  fc.constant({}),
)

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('admit' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('admit' as const), backstop: fc.constantFrom(1, 50) }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('call' as const), heard }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('settle' as const), which, heard }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deliver' as const), which }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('clock' as const), step }) },
  { weight: 1, arbitrary: fc.constant({ do: 'trip' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reset' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'halfOpen' as const }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { do: fc.constant('force' as const), mode, lasts: fc.constantFrom(1, 10, 100, 1_000) },
      { requiredKeys: ['do', 'mode'] },
    ),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'release' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), patch }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('continue' as const),
      reading: fc.constantFrom(0, 7, 1_000_000),
    }),
  },
)

const word: fc.Arbitrary<Word> = fc.record({
  state: fc.constantFrom('open' as const, 'open' as const, 'half-open' as const, 'closed' as const),
  for: fc.constantFrom(0, 1, 10, 100, 1_000),
  reset: fc.boolean(),
})

/** What belongs to a fleet, among all else. */
export const fleetOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 24, arbitrary: operation },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('hear' as const), word }) },
  { weight: 1, arbitrary: fc.constant({ do: 'hear' as const, word: undefined }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      retryMs: fc.option(fc.constantFrom(0, 1, 100), { freq: 3, nil: undefined }),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ do: 'report' as const }) },
)
