import { beforeEach, describe, expect, it } from 'vitest'
import { fail, hang, open, RESET_TIMEOUT, reasonOf, succeed } from '../test/helpers/public.ts'
import { type BreakerReading, CircuitBreaker, CircuitRegistry } from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

let clock: ManualClock
let registry: CircuitRegistry
beforeEach(() => {
  clock = new ManualClock()
  registry = new CircuitRegistry({
    defaults: { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock, recovery: { timeout: 50 } },
  })
})

/** What is read, copied. */
function readAll(): BreakerReading[] {
  const all: BreakerReading[] = []
  registry.read((reading) => {
    all.push(structuredClone({ ...reading, rules: reading.rules, latency: null }))
  })
  return all
}

const uses: [string, (breaker: CircuitBreaker) => unknown][] = [
  ['was never used', () => {}],
  ['was only read', (breaker) => breaker.snapshot()],
  [
    'succeeded, failed and is in flight',
    (breaker) => Promise.all([succeed(breaker), fail(breaker), void hang(breaker)]),
  ],
  ['is open', open],
  [
    'is open and rejects',
    async (breaker) => {
      await open(breaker)
      await reasonOf(breaker.run(() => 1))
    },
  ],
  [
    'is half-open once its open time is over',
    async (breaker) => {
      await open(breaker)
      await clock.advance(RESET_TIMEOUT + 7)
    },
  ],
  [
    'is half-open once its open time is over, after it was closed for a while',
    async (breaker) => {
      await succeed(breaker)
      await clock.advance(40)
      await open(breaker)
      await clock.advance(RESET_TIMEOUT + 7)
    },
  ],
  [
    'is half-open at the end of its open time, with a probe of an earlier half-open state in flight',
    async (breaker) => {
      breaker.configure({ resetTimeout: 20 })
      await open(breaker)
      await clock.advance(20)
      void hang(breaker)
      breaker.trip()
      await clock.advance(20 - 3)
    },
  ],
  [
    'has a probe in flight',
    async (breaker) => {
      await open(breaker)
      await clock.advance(RESET_TIMEOUT)
      void hang(breaker)
      await reasonOf(breaker.run(() => 1))
    },
  ],
  [
    'has a probe whose time is over',
    async (breaker) => {
      await open(breaker)
      await clock.advance(RESET_TIMEOUT)
      void hang(breaker)
      await clock.advance(60)
    },
  ],
  [
    'has late results',
    async (breaker) => {
      const late = hang(breaker)
      breaker.trip()
      await late.release()
    },
  ],
  ['is forced open', (breaker) => breaker.forceOpen()],
  [
    'is forced open and rejects',
    async (breaker) => {
      breaker.forceOpen()
      await reasonOf(breaker.run(() => 1))
    },
  ],
  [
    'is full and rejects',
    async (breaker) => {
      breaker.configure({ maxConcurrent: 1 })
      void hang(breaker)
      for (let i = 0; i < 2; i++) await reasonOf(breaker.run(() => 1))
    },
  ],
  [
    'has calls that say nothing, time out and fall back',
    async (breaker) => {
      await breaker.run(() => 1, { classify: () => 'neutral' })
      for (let i = 0; i < 2; i++) await breaker.run(() => 1, { classify: () => 'cancelled' })
      const late = hang(breaker, { timeout: 5 })
      await clock.advance(5)
      await late.result
      const down = () => Promise.reject(new Error('down'))
      await breaker.run(down, { fallback: () => 1 })
      await reasonOf(breaker.run(down, { fallback: () => down() }))
    },
  ],
  [
    'is forced closed over an open circuit whose time is over',
    async (breaker) => {
      await open(breaker)
      breaker.forceClosed()
      await breaker.run(() => 1)
      await clock.advance(RESET_TIMEOUT)
    },
  ],
  [
    'has an override that is over',
    async (breaker) => {
      breaker.disable({ for: 5 })
      await clock.advance(6)
    },
  ],
]

describe('registry.read', () => {
  it.each(uses)('hands over what the snapshot shows of a breaker that %s', async (_, use) => {
    const breaker = registry.breaker('users')
    await clock.advance(100)
    if (use.length > 0) await use(breaker)
    await clock.advance(3)
    const [reading, ...more] = readAll()
    const { name, state, stateFor, automatic, generation, override, inFlight, counts, ...rest } =
      breaker.snapshot()
    const { timeInState, transitions, window } = rest

    expect(more).toEqual([])
    expect(reading).toMatchObject({ name, state, automatic, generation, inFlight, counts })
    expect(reading).toMatchObject({ timeInState, transitions })
    expect(reading?.rules).toEqual(window)
    expect(reading?.override).toBe(override?.mode ?? null)
    if (use.length > 0) expect(reading?.since).toBe(clock.wall() - stateFor)
  })

  it('counts transitions by what they led to and why, once they have happened', async () => {
    const breaker = registry.breaker('users')
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const due = readAll()[0]
    await fail(breaker)
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)
    breaker.reset()
    breaker.trip()
    breaker.trip()

    expect([due?.state, due?.transitions]).toEqual([
      'half-open',
      { closed: {}, open: { consecutiveFailures: 1 }, 'half-open': {} },
    ])
    expect(readAll()[0]?.transitions).toEqual({
      closed: { recovered: 1 },
      open: { consecutiveFailures: 1, probeFailed: 1, manual: 2 },
      'half-open': { elapsed: 2 },
    })
  })

  it('counts as many transitions as are published', async () => {
    const published: string[] = []
    registry.on('transition', ({ to, reason }) => published.push(`${to} ${reason}`))
    const breaker = registry.breaker('users', { maxFailures: 2, recovery: 'auto' })
    for (let round = 0; round < 4; round++) {
      await open(breaker)
      await clock.advance(RESET_TIMEOUT * (round % 3))
      breaker.halfOpen()
      if (round % 2 === 0) await succeed(breaker)
      else breaker.reset()
    }
    const counted = Object.entries(readAll()[0]?.transitions ?? {}).flatMap(([to, reasons]) =>
      Object.entries(reasons).flatMap(([reason, n]) => Array(n).fill(`${to} ${reason}`)),
    )

    expect(counted.length).toBeGreaterThan(8)
    expect(counted.toSorted()).toEqual(published.toSorted())
  })

  it('adds up how long each state lasted, without gaps', async () => {
    const breaker = registry.breaker('users')
    await clock.advance(10)
    await open(breaker)
    await clock.advance(RESET_TIMEOUT + 30)
    const halfOpen = readAll()[0]?.timeInState
    await succeed(breaker)
    await clock.advance(5)

    expect(halfOpen).toEqual({ closed: 0, open: RESET_TIMEOUT, 'half-open': 30 })
    expect(readAll()[0]?.timeInState).toEqual({ closed: 5, open: RESET_TIMEOUT, 'half-open': 30 })
  })

  it('shows how far each rule is from opening', async () => {
    registry.breaker('unused')
    const breaker = registry.breaker('users', {
      trip: {
        consecutiveFailures: 4,
        failureRate: { threshold: 0.5, minimumCalls: 5, window: { calls: 10 } },
      },
    })
    await succeed(breaker)
    await fail(breaker)
    const [unused, used] = readAll()

    expect(unused?.rules).toEqual([{ rule: 'consecutiveFailures', observed: 0, threshold: 3 }])
    expect(used?.rules).toEqual([
      { rule: 'consecutiveFailures', observed: 1, threshold: 4 },
      { rule: 'failureRate', observed: 0.5, threshold: 0.5, calls: 2, hits: 1, minimumCalls: 5 },
    ])
  })

  it('hands over the breakers in the order in which they came, all in one object', async () => {
    await fail(registry.breaker('b'))
    registry.breaker('a')
    await registry.keyed(async (key: string) => key, { name: 'c', key: (key) => key })('d')
    const objects = new Set<unknown>()
    const seen: [string, number][] = []
    registry.read((reading) => {
      objects.add(reading)
      seen.push([reading.name, reading.counts.admitted])
    })

    expect(seen).toEqual([
      ['b', 1],
      ['a', 0],
      ['c:d', 1],
    ])
    expect(objects.size).toBe(1)
  })

  it('changes nothing', async () => {
    const breaker = registry.breaker('users')
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const before = breaker.snapshot()
    registry.read(() => {})
    const afterwards = new CircuitRegistry()
    afterwards.breaker('unused')
    afterwards.read(() => {})
    afterwards.defaults = { maxFailures: 2 }

    expect(breaker.snapshot()).toEqual(before)
    expect(afterwards.breaker('unused').options.trip.consecutiveFailures).toBe(2)
  })

  it('hands over the latency of breakers that measure it, in buckets', async () => {
    registry.breaker('without')
    const breaker = registry.breaker('with', { statistics: true })
    registry.breaker('unused', { statistics: true })
    for (const ms of [1, 20, 20, 300]) {
      const call = hang(breaker)
      await clock.advance(ms)
      await call.release()
    }
    const latencies = new Map<string, unknown>()
    registry.read(({ name, latency }) => {
      const buckets: [number, number][] = []
      latency?.forEachBucket((upTo, calls) => buckets.push([upTo, calls]))
      latencies.set(name, latency && [latency.count, latency.sum, latency.max, buckets])
    })

    expect(latencies.get('without')).toBeNull()
    expect(latencies.get('unused')).toEqual([0, 0, 0, []])
    expect(latencies.get('with')).toEqual([
      4,
      341,
      300,
      [
        [1 + 1 / 16, 1],
        [21, 2],
        [304, 1],
      ],
    ])
  })

  it('is of one moment: it reads a clock once, however many breakers have it', async () => {
    let time = 0
    const clock = { now: () => ++time, wall: () => 1_000_000 + ++time, setTimer: () => () => {} }
    registry.defaults = { maxFailures: 1, clock }
    await succeed(registry.breaker('a'))
    await open(registry.breaker('b'))
    registry.breaker('c')
    const before = time
    const names: string[] = []

    registry.read(({ name }) => names.push(name))

    expect(names).toEqual(['a', 'b', 'c'])
    expect(time - before).toBe(2)
  })

  it('reads breakers with clocks of their own by these', async () => {
    const own = new ManualClock()
    registry.breaker('a').forceOpen()
    registry.breaker('b', { clock: own }).forceOpen()
    await own.advance(500)
    const [a, b] = readAll()

    expect([a?.since, b?.since]).toEqual([clock.wall(), own.wall() - 500])
  })

  it('ends, though its visitor adds a breaker each time', () => {
    registry.breaker('a')
    registry.breaker('b')
    const seen: string[] = []
    registry.read(({ name }) => {
      seen.push(name)
      registry.breaker(`${name}+`)
    })

    expect(seen).toEqual(['a', 'b'])
    expect(registry.size).toBe(4)
  })

  it('lets its visitor use the registry, and throws what that throws', () => {
    registry.breaker('a')
    registry.breaker('b')
    const seen: string[] = []
    registry.read(({ name }) => {
      seen.push(name)
      registry.delete(name)
      registry.read((inner) => seen.push(`inner ${inner.name}`))
    })

    expect(seen).toEqual(['a', 'inner b', 'b'])
    registry.add(new CircuitBreaker({ name: 'c' }))
    expect(() =>
      registry.read(() => {
        throw new Error('mine')
      }),
    ).toThrow('mine')
    expect(() => registry.read(undefined as never)).toThrow('visit must be a function')
  })
})
