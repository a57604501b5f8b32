import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/fleet/memory-store.ts'
import { shared } from '../../src/fleet/shared.ts'
import type { FleetStore } from '../../src/fleet/store.ts'
import { CircuitBreaker, type CircuitBreakerOptions } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { randomStream } from '../../src/testing/simulation/random.ts'

const DEADLINE = 250

type Command =
  | { readonly do: 'call'; readonly times: number; readonly fails: boolean; readonly ms: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'trip' | 'halfOpen' | 'reset' | 'forceOpen' | 'forceClosed' | 'release' }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      times: fc.constantFrom(1, 1, 2, 5),
      fails: fc.boolean(),
      ms: fc.constantFrom(0, 1, 20, 300, 2_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 10, 100, 500, 999, 1_000, 5_000, 60_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('trip', 'halfOpen', 'reset', 'forceOpen', 'forceClosed', 'release'),
    }),
  },
)

const OPTIONS: readonly CircuitBreakerOptions[] = [
  {},
  { maxFailures: 2, resetTimeout: 1_000 },
  {
    trip: {
      failureRate: { threshold: 0.5, minimumCalls: 4, window: { duration: 10_000 } },
      slowCallRate: { slowerThan: 200, threshold: 0.5, minimumCalls: 4, window: { calls: 10 } },
    },
    resetTimeout: { initial: 500, max: 10_000 },
    recovery: { probes: 3, successes: 2 },
    callTimeout: 1_500,
  },
]

type Exchange = FleetStore['exchange']

/** Each of them in its own way does not let the process hear the fleet. */
const STORES: Readonly<Record<string, (clock: ManualClock, store: FleetStore) => Exchange>> = {
  'never answers': () => () => new Promise(() => {}),
  refuses: () => () => Promise.reject(new Error('ECONNREFUSED')),
  'throws at once': () => () => {
    throw new Error('not a function')
  },
  'answers too late': (clock, store) => (asks, signal) =>
    new Promise((resolve) => {
      const answers = store.exchange(asks, signal)
      clock.setTimer(DEADLINE + 1, () => resolve(answers))
    }),
  'fails now and then, and after a minute for good': (clock, store) => {
    const random = randomStream(1, 'store')
    const until = clock.now() + 60_000
    return (asks, signal) =>
      clock.now() < until && random() < 0.5
        ? store.exchange(asks, signal)
        : Promise.reject(new Error('ECONNRESET'))
  },
}

/** Two breakers under the same calls, of which one is shared with others. */
class Twins {
  readonly clock = new ManualClock(1_000_000)
  readonly results: string[][] = [[], []]
  readonly breakers: readonly CircuitBreaker[]

  constructor(
    options: CircuitBreakerOptions,
    exchangeOf: (clock: ManualClock, store: FleetStore) => Exchange,
  ) {
    const { clock } = this
    const store = memoryStore(() => clock.now())
    // Nothing that it hears moves it: others have not called, and it alone is too few.
    const fleet = shared(
      { ...store, exchange: exchangeOf(clock, store) },
      { clock, random: () => 0.5, deadline: DEADLINE, policy: { minimumCalls: 1e9 } },
    )
    const create = (own: CircuitBreakerOptions): CircuitBreaker =>
      new CircuitBreaker({
        name: 'users',
        clock,
        random: randomStream(1, 'jitter'),
        ...options,
        ...own,
      })
    this.breakers = [create({}), create({ shared: fleet })]
    for (const [i, breaker] of this.breakers.entries()) {
      // That an open time is over is published with the next call, or when the store is heard.
      breaker.on('transition', ({ from, to, reason }) => {
        if (reason !== 'elapsed') this.#note(i, `${from} ${to} ${reason}`)
      })
      breaker.on('reject', ({ reason, retryAfter }) => this.#note(i, `${reason} ${retryAfter}`))
    }
  }

  #note(i: number, what: string): void {
    this.results[i]?.push(`${this.clock.now()} ${what}`)
  }

  async run(command: Command): Promise<void> {
    if (command.do === 'pass') {
      for (let left = command.ms; left > 0; left -= 100) {
        await this.clock.advance(Math.min(left, 100))
      }
      return
    }
    for (const [i, breaker] of this.breakers.entries()) {
      if (command.do !== 'call') breaker[command.do]()
      else for (let n = 0; n < command.times; n++) this.#call(i, breaker, command)
    }
    await this.clock.advance(0)
  }

  #call(i: number, breaker: CircuitBreaker, { fails, ms }: Command & { do: 'call' }): void {
    const answer = (): Promise<string> =>
      new Promise((resolve, reject) => {
        this.clock.setTimer(ms, () => (fails ? reject(new Error('down')) : resolve('answer')))
      })
    breaker.run(answer).then(
      (value) => this.#note(i, value),
      (error: Error) => this.#note(i, `${error.name}: ${error.message}`),
    )
  }
}

/** All that it shows, but for whether it is one of a fleet. */
function shownBy(breaker: CircuitBreaker): unknown {
  const { fleet: _, options: __, transitions: ___, ...shown } = breaker.snapshot()
  return shown
}

describe.each(Object.entries(STORES))('a breaker whose store %s', (_, exchangeOf) => {
  it('behaves exactly like one without a store that has seen the same calls', {
    timeout: 120_000,
  }, async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...OPTIONS),
        fc.array(command, { minLength: 10, maxLength: 50, size: 'max' }),
        async (options, commands) => {
          const twins = new Twins(options, exchangeOf)
          const [local, one] = twins.breakers as [CircuitBreaker, CircuitBreaker]

          for (const command of commands) {
            await twins.run(command)

            expect(shownBy(one)).toEqual(shownBy(local))
            expect(twins.results[1]).toEqual(twins.results[0])
            seen.add(one.state)
          }
        },
      ),
      { numRuns: 25 },
    )

    expect([...seen].sort()).toEqual(['closed', 'half-open', 'open'])
  })
})

describe('a breaker that was open as its fleet was when the store went away', () => {
  it.each([0, 1, 400, 999, 1_000, 1_700])(
    'behaves from then on, %d ms later, like one that was opened for the rest of the time',
    async (ms) => {
      const clock = new ManualClock(1_000_000)
      const store = memoryStore(() => clock.now())
      let down = false
      const exchange: Exchange = (asks, signal) =>
        down ? Promise.reject(new Error('ECONNREFUSED')) : store.exchange(asks, signal)
      const fleet = shared({ ...store, exchange }, { clock, random: () => 0.5 })
      const options = { name: 'users', clock, maxFailures: 2, resetTimeout: 1_000 }
      const [local, one] = [
        new CircuitBreaker(options),
        new CircuitBreaker({ ...options, shared: fleet }),
      ]
      const ready = fleet.ready()
      await clock.advance(0)
      await ready
      one.trip({ fleet: true })
      local.trip()
      await clock.advance(0)
      expect(one.snapshot().fleet).toMatchObject({ decides: 'fleet', state: 'open' })
      await clock.advance(ms)

      down = true
      const away = fleet.ready()
      await clock.advance(0)
      await away

      const seen: string[] = []
      for (let i = 0; i < 60; i++) {
        const results = [local, one].map((breaker) =>
          breaker
            .run(async () => {
              if (i < 30) throw new Error('down')
              return 'answer'
            })
            .catch((error: Error) => error.name),
        )
        await clock.advance(0)
        const [expected, actual] = await Promise.all(results)
        expect(actual).toBe(expected)
        expect(one.state).toBe(local.state)
        expect(one.snapshot().retryAfter).toBe(local.snapshot().retryAfter)
        seen.push(one.state)
        await clock.advance(100)
      }
      expect(new Set(seen)).toEqual(new Set(['open', 'closed']))
    },
  )
})
