import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, isCircuitOpenError } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'

vi.setConfig({ testTimeout: 600_000 })
const seed = seedOfRun()
process.stdout.write(`fuzz: MODEL_SEED=${seed}\n`)

/** Whatever a program may come up with. */
const anything = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withSparseArray: true }),
  fc.constantFrom<unknown>(Number.NaN, Infinity, -1, -0, 0, 1, 0.5, 2 ** 31, 1e308, '', 'auto'),
  fc.func(fc.anything()),
)

const duration = fc.constantFrom(1, 100, 1_000)
const plausible: fc.Arbitrary<CircuitBreakerOptions> = fc.record(
  {
    name: fc.constantFrom('users', 'a'),
    resetTimeout: fc.oneof(
      duration,
      fc.constant('auto' as const),
      fc.constant({ initial: 10, factor: 2, max: 1_000, jitter: 0.5 }),
    ),
    trip: fc.oneof(
      fc.constant('auto' as const),
      fc.constant({ consecutiveFailures: 2 }),
      fc.constant({
        failureCount: { threshold: 3, window: { duration: 1_000 } },
        failureRate: { threshold: 0.5, minimumCalls: 2, window: { calls: 10 } },
        slowCallRate: { slowerThan: 5, minimumCalls: 2, window: { duration: 1_000 } },
        evidence: { threshold: 2, minimumSpan: 0 },
      }),
    ),
    recovery: fc.oneof(
      fc.constant('auto' as const),
      fc.constant({ probes: 2, successes: 1, concurrent: 1, timeout: 50 }),
      fc.constant({ slowStart: { successes: 2, quietFor: 10 }, timeout: 50 }),
    ),
    callTimeout: duration,
    maxConcurrent: fc.constantFrom(1, 10),
    history: fc.constantFrom(0, 8),
    statistics: fc.boolean(),
  },
  { requiredKeys: [] },
)

/** A copy with one member, at any depth, replaced, left out or added. */
function mutated(value: unknown, path: readonly number[], by: unknown, how: number): unknown {
  if (typeof value !== 'object' || value === null) return by
  if (Array.isArray(value) && how === 1) return [...value, by]
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
  const keys = Object.keys(copy)
  const [first, ...rest] = path
  const key = keys[(first ?? 0) % Math.max(1, keys.length)]
  if (key === undefined) return by
  if (rest.length > 0) copy[key] = mutated(copy[key], rest, by, how)
  else if (how === 0) delete copy[key]
  else if (how === 1) copy['more'] = by
  else copy[key] = by
  return copy
}

const mutation = fc.record({
  path: fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 5 }),
  by: anything,
  how: fc.constantFrom(0, 1, 2, 2, 2, 2),
})

/** Undefined when it was rejected, which takes an error of the right kind that says something. */
function created(options: unknown, clock: ManualClock): CircuitBreaker | undefined {
  try {
    return new CircuitBreaker({ ...(options as object), clock } as CircuitBreakerOptions)
  } catch (error) {
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
    expect((error as Error).message).toMatch(/must|unknown|not|missing|has/)
    return undefined
  }
}

/** Open for ever, or for longer than this test lets pass: somebody has to move it. */
async function isOpenForLong(breaker: CircuitBreaker): Promise<boolean> {
  const error: unknown = await breaker.run(() => undefined).catch((error: unknown) => error)
  return isCircuitOpenError(error) && !(Number(error.retryAfter) <= 2 ** 31)
}

/** Uses it as a program would: it has to keep its books, say what it is and come back. */
async function provesItself(breaker: CircuitBreaker, clock: ManualClock): Promise<void> {
  const check = (): void => {
    const { counts, inFlight } = breaker.snapshot()
    expect(counts.admitted).toBe(counts.settled + counts.expired + inFlight)
    expect(JSON.parse(JSON.stringify(breaker.snapshot())).state).toBe(breaker.state)
    expect(breaker.explain().text.length).toBeGreaterThan(0)
  }
  check()
  for (let i = 0; i < 4; i++) {
    await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
    check()
  }
  breaker.release()
  if (await isOpenForLong(breaker)) breaker.halfOpen()
  let passed = 0
  for (let i = 0; i < 40; i++) {
    await clock.advance(2 ** 31)
    await breaker.run(() => passed++).catch(() => {})
    check()
  }
  expect(passed).toBeGreaterThan(0)
  created({ saved: breaker.save() }, clock)?.snapshot()
}

async function rejectedOrSound(options: unknown): Promise<boolean> {
  const clock = new ManualClock()
  const breaker = created(options, clock)
  if (breaker !== undefined) await provesItself(breaker, clock)
  return breaker !== undefined
}

/** What breakers in all states save. */
async function savedBreakers(): Promise<readonly unknown[]> {
  const saved: unknown[] = []
  const trip = {
    consecutiveFailures: 3,
    failureRate: { minimumCalls: 3, window: { duration: 1_000 } },
    slowCallRate: { slowerThan: 5, minimumCalls: 5, window: { calls: 10 } },
    evidence: {},
  }
  const clock = new ManualClock()
  const breaker = new CircuitBreaker({ trip, resetTimeout: 100, statistics: true, clock })
  const fail = () => breaker.run(() => Promise.reject(new RangeError('down'))).catch(() => {})
  saved.push(breaker.save())
  await fail()
  saved.push(breaker.save())
  while (breaker.state === 'closed') await fail()
  saved.push(breaker.save())
  await clock.advance(100)
  breaker.forceClosed({ by: 'Ada', reason: 'drill', for: 500 })
  saved.push(breaker.save())
  return JSON.parse(JSON.stringify(saved))
}

describe('fuzz', () => {
  it('rejects options that make no sense, and works with those it accepts', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(plausible, fc.array(mutation, { maxLength: 2 }), async (options, all) => {
        const wrong = all.reduce<unknown>((value, { path, by, how }) => {
          return mutated(value, path, by, how)
        }, options)
        if (await rejectedOrSound(wrong)) accepted++
      }),
      { seed, numRuns: runsAsked(300) },
    )
    expect(accepted).toBeGreaterThan(0)
    vi.restoreAllMocks()
  })

  it('rejects or continues what is said to be saved, but is never corrupted by it', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const all = await savedBreakers()
    let accepted = 0
    const run = fc.asyncProperty(
      fc.constantFrom(...all),
      plausible,
      fc.array(mutation, { maxLength: 2 }),
      async (saved, options, mutations) => {
        const wrong = mutations.reduce<unknown>((value, { path, by, how }) => {
          return mutated(value, path, by, how)
        }, saved)
        if (await rejectedOrSound({ ...options, saved: wrong })) accepted++
      },
    )
    await fc.assert(run, { seed, numRuns: runsAsked(500) })
    expect(accepted).toBeGreaterThan(0)
    vi.restoreAllMocks()
  })

  it.each([2, 3, 1e9, Number.MAX_SAFE_INTEGER])(
    'rejects what a later version has saved, and says so: version %d',
    async (version) => {
      for (const saved of await savedBreakers()) {
        const options = { saved: { ...(saved as object), version } } as never

        expect(() => new CircuitBreaker(options)).toThrow(
          `saved.version must be 1, got ${version}; it was saved by a newer short-circuit`,
        )
      }
    },
  )

  it('rejects a snapshot in place of what was saved', () => {
    const saved = new CircuitBreaker().snapshot() as never

    expect(() => new CircuitBreaker({ saved })).toThrow('saved.version must be 1, got undefined')
  })
})
