import { describe, expect, it } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const rate = { threshold: 0.5, minimumCalls: 2, window: { calls: 10 } }

const options = {
  resetTimeout: { initial: 1_000 },
  statistics: true,
  trip: {
    consecutiveFailures: 3,
    failureRate: rate,
    slowCallRate: { ...rate, window: { duration: 1_000 }, slowerThan: 50 },
    evidence: {},
  },
} satisfies CircuitBreakerOptions

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Saved states of breakers that have been through a lot, as JSON. */
async function savedStates(): Promise<Record<string, Json>[]> {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker({ ...options, clock })
  const states: Record<string, Json>[] = []
  const keep = (): void => void states.push(JSON.parse(JSON.stringify(breaker.save())))
  const fail = (): Promise<unknown> =>
    breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
  keep()
  await breaker.run(() => 'up')
  await fail()
  breaker.forceOpen({ reason: 'deploy', by: 'Ada', for: 1_000 })
  keep()
  breaker.release()
  for (let i = 0; i < 3; i++) await fail()
  breaker.trip({ reason: 'kept open', by: 'Ada' })
  keep()
  await clock.advance(5_000)
  await fail()
  await clock.advance(5_000)
  keep()
  return states
}

/** Where every value is in it, as the keys that lead there. */
function placesIn(value: Json, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...at]]
  return [[...at], ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...at, key]))]
}

/** A copy with another value there. */
function withValue(
  value: Json,
  [key, ...rest]: readonly (string | number)[],
  put: unknown,
): unknown {
  if (key === undefined) return put
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...value]
    : { ...(value as object) }
  copy[key as never] = withValue((value as Record<string, Json>)[key] as Json, rest, put) as never
  return copy
}

const hostile: readonly unknown[] = [
  1e8,
  1e15,
  9e15,
  1e300,
  1e-300,
  -1,
  0,
  0.5,
  Number.NaN,
  Infinity,
  '',
  null,
  undefined,
  [],
  {},
  true,
]

/** What a breaker does, up to its next openings. */
async function use(saved: unknown): Promise<void> {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker({ ...options, clock, saved: saved as never })
  for (let i = 0; i < 5; i++) {
    await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
    await breaker.run(() => 'up').catch(() => {})
    await clock.advance(40_000)
  }
  breaker.release()
  breaker.trip()
  breaker.reset()
  breaker.configure({ resetTimeout: { initial: 10 } })
  const { counts, inFlight } = breaker.snapshot()
  breaker.explain()
  expect(counts.admitted).toBe(counts.settled + counts.expired + inFlight)
  expect(breaker.state).toBe('closed')
}

describe('saved state with one value that is hostile', () => {
  it('is either rejected, naming it, or can be used like any other', {
    timeout: 120_000,
  }, async () => {
    let [accepted, rejected] = [0, 0]

    for (const saved of await savedStates()) {
      for (const place of placesIn(saved)) {
        for (const value of hostile) {
          const changed = withValue(saved, place, value)
          try {
            new CircuitBreaker({ ...options, saved: changed as never })
          } catch (error) {
            expect((error as Error).message).toMatch(/^(saved|unknown field)/)
            rejected++
            continue
          }
          await use(changed)
          accepted++
        }
      }
    }

    expect(rejected).toBeGreaterThan(1_000)
    expect(accepted).toBeGreaterThan(1_000)
  })

  it.each([
    ['openings', 'level', 1e8],
    ['openings', 'used', 1001],
    ['baseline', 'mean', 1e308],
    ['baseline', 'variance', 1e15],
    ['counts', 'success', 2e15],
    ['countsAtClose', 'failure', 2e15],
  ])('is rejected where %s.%s is %d', async (part, field, value) => {
    const [saved] = await savedStates()
    const changed = withValue(saved as Json, [part, field], value)

    expect(() => new CircuitBreaker({ ...options, saved: changed as never })).toThrow(
      `saved.${part}.${field} must be`,
    )
  })
})

describe('saved state that is too large', () => {
  const huge = new Proxy([] as unknown[], {
    get: (array, key) => (key === 'length' ? 4e9 : Reflect.get(array, key)),
  })

  it.each([
    ['trips', Array(1_001).fill({})],
    ['trips', huge],
    [
      'statistics',
      { failedFor: 0, failed: 0, latency: { sum: 0, max: 0, buckets: Array(1_002).fill([0, 1]) } },
    ],
  ])('is rejected: %s', async (part, value) => {
    const [saved] = await savedStates()
    const changed = { ...saved, [part]: value }

    expect(() => new CircuitBreaker({ ...options, saved: changed as never })).toThrow(
      /^saved.*must have at most/,
    )
  })

  it('is rejected where one array in it refers to itself', async () => {
    const [saved] = await savedStates()
    const circular: unknown[] = []
    circular.push(circular)

    expect(
      () => new CircuitBreaker({ ...options, saved: { ...saved, trips: circular } as never }),
    ).toThrow(RangeError)
  })

  it('does not look for the nearest known name of a key of a million letters', async () => {
    const [saved] = await savedStates()
    const changed = { ...saved, ['x'.repeat(1_000_000)]: 1 }

    expect(() => new CircuitBreaker({ ...options, saved: changed as never })).toThrow('known are')
  })
})

describe('saved state that throws when it is read', () => {
  const broken = new Error('broken')
  const throwing = (): never => {
    throw broken
  }
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  const withGetter = (value: Json, key: string): unknown =>
    Object.defineProperty({ ...(value as object) }, key, { get: throwing, enumerable: true })

  it.each<[string, (saved: Record<string, Json>) => unknown]>([
    ['its version', (saved) => withGetter(saved, 'version')],
    ['its state', (saved) => withGetter(saved, 'state')],
    ['all of it', () => new Proxy({}, { get: throwing })],
    ['saved.counts', (saved) => ({ ...saved, counts: withGetter(saved['counts'] as Json, 'x') })],
    ['saved.counts', (saved) => ({ ...saved, counts: new Proxy({}, { ownKeys: throwing }) })],
    [
      'saved.trips[0]',
      (saved) => ({ ...saved, trips: [withGetter({}, 'reason'), ...(saved['trips'] as Json[])] }),
    ],
    ['saved.trips', (saved) => ({ ...saved, trips: new Proxy([1], { get: throwing }) })],
  ])('is rejected, with the error as the cause: %s', async (_, spoil) => {
    const saved = (await savedStates()).at(-1) as Record<string, Json>
    const create = () => new CircuitBreaker({ ...options, saved: spoil(saved) as never })

    expect(create).toThrow(new TypeError("saved can't be read", { cause: broken }))
  })

  it('is rejected where an object in it is no longer there', async () => {
    const [saved] = await savedStates()

    expect(
      () => new CircuitBreaker({ ...options, saved: { ...saved, state: revoked } as never }),
    ).toThrow("saved can't be read")
  })
})

describe('saved state of an older version', () => {
  it('has nothing to go on from for a rule that was added since', async () => {
    for (const saved of await savedStates()) {
      const { state } = saved as { state: { name: string; rules?: Record<string, Json> } }
      if (state.name !== 'closed' || !state.rules) continue
      for (const rule of Object.keys(state.rules)) {
        const { [rule]: _, ...rules } = state.rules
        await use({ ...saved, state: { ...state, rules } })
      }
    }
  })

  it('says when the outage began, or null, in place of when something last worked', async () => {
    for (const saved of await savedStates()) {
      const { openings } = saved as { openings: Record<string, Json> }
      const { took: _, ...same } = openings
      for (const episodeFor of [null, 5_000]) {
        await use({ ...saved, openings: { ...same, episodeFor, last: 1_000 } })
      }
    }
  })

  it('does not say what failed since the last success', async () => {
    const clock = new ManualClock()
    const breaker = new CircuitBreaker({ clock })
    await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
    const saved = breaker.save() as unknown as {
      state: { rules: { evidence: Record<string, Json> } }
    }
    const { streak, ...evidence } = saved.state.rules.evidence
    expect(streak).toEqual({ for: 0, failures: 1, slow: 0, overdue: 0 })
    const state = { ...saved.state, rules: { ...saved.state.rules, evidence } }

    const again = new CircuitBreaker({ clock, saved: { ...saved, state } as never })

    expect(again.snapshot().window).toMatchObject([{ rule: 'evidence', observed: 1 }])
  })

  it('does not say who tripped it', async () => {
    const saved = (await savedStates()).at(-1) as { trips: Record<string, Json>[] }
    const trips = saved.trips.map(({ by: _, ...trip }) => trip)

    const breaker = new CircuitBreaker({ ...options, saved: { ...saved, trips } as never })

    expect(breaker.snapshot().trips.map(({ by }) => by)).toEqual(trips.map(() => null))
  })
})

it('reads every field of saved state once', async () => {
  const [saved] = await savedStates()
  const reads = new Map<string, number>()
  const counting = (value: Json, path: string): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : new Proxy(value, {
          get: (fields, key) => {
            const at = `${path}.${String(key)}`
            reads.set(at, (reads.get(at) ?? 0) + 1)
            return counting(fields[key as string] as Json, at)
          },
        })

  new CircuitBreaker({ ...options, saved: counting(saved as Json, 'saved') as never })

  reads.delete('saved.version')
  expect([...reads].filter(([, times]) => times !== 1)).toEqual([])
})
