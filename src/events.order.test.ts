import { describe, expect, it } from 'vitest'
import { createBreaker, hang, reasonOf } from '../test/helpers/public.ts'
import { type CircuitBreaker, CircuitRegistry, type EventName, protect } from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

const down = new Error('down')

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** One failed call in every shape there is. */
const shapes: readonly [string, (breaker: CircuitBreaker) => unknown][] = [
  ['a wrapped function', (breaker) => breaker(async () => Promise.reject(down))()],
  [
    'a wrapped function with an argument',
    (breaker) => breaker((_: number) => Promise.reject(down))(1),
  ],
  [
    'a wrapped function with a signal',
    (breaker) =>
      breaker((_: { signal: AbortSignal }) => Promise.reject(down))(new AbortController()),
  ],
  ['run', (breaker) => breaker.run(() => Promise.reject(down))],
  ['run with a timeout', (breaker) => breaker.run(() => Promise.reject(down), { timeout: 9_000 })],
  [
    'a synchronous function',
    (breaker) =>
      breaker.sync(() => {
        throw down
      })(),
  ],
  [
    'a stream',
    (breaker) =>
      drain(
        breaker.stream(async function* () {
          yield 1
          throw down
        })(),
      ),
  ],
  ['a permit', (breaker) => breaker.acquire().failure(down)],
  ['a client', (breaker) => protect({ load: () => Promise.reject(down) }, breaker).load()],
]

/** What a listener sees of the breaker when it is called. */
interface Seen {
  readonly event: EventName
  readonly state: string
  readonly passes: boolean
}

function watch(breaker: CircuitBreaker): Seen[] {
  const seen: Seen[] = []
  for (const event of ['failure', 'timeout', 'transition', 'override', 'reject'] as const) {
    breaker.on(event, () => {
      const permit = seen.length > 20 ? undefined : breaker.tryAcquire()
      seen.push({ event, state: breaker.state, passes: permit !== undefined })
      permit?.cancel()
    })
  }
  return seen
}

describe('a listener of a call that opens the circuit', () => {
  it.each(shapes)('finds it open, and its own calls rejected: %s', async (_, call) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const seen = watch(breaker)

    try {
      await call(breaker)
    } catch (error) {
      expect(error).toBe(down)
    }

    expect(seen.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['failure', 'transition']),
    )
    expect(seen.every(({ state, passes }) => state === 'open' && !passes)).toBe(true)
  })

  it('finds it open when a call timed out', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 10 })
    const seen = watch(breaker)
    const { result } = hang(breaker)

    await clock.advance(10)
    await result

    expect(seen[0]).toMatchObject({ event: 'timeout' })
    expect(seen.every(({ state, passes }) => state === 'open' && !passes)).toBe(true)
  })

  it('finds it open when a keyed function failed', async () => {
    const registry = new CircuitRegistry({ defaults: { maxFailures: 1, clock: new ManualClock() } })
    const load = registry.keyed((_: string) => Promise.reject(down), {
      key: (host) => host,
      name: 'a',
    })
    const states: (string | undefined)[] = []
    registry.on('failure', ({ breaker }) => states.push(registry.get(breaker)?.state))

    await reasonOf(load('x'))

    expect(states).toEqual(['open'])
  })

  it.each([
    ['trip', 'open'],
    ['halfOpen', 'half-open'],
    ['forceOpen', 'open'],
  ] as const)('finds the state that was asked for: %s', (method, state) => {
    const { breaker } = createBreaker()
    const states: string[] = []
    for (const event of ['transition', 'override'] as const) {
      breaker.on(event, () => states.push(breaker.state))
    }

    breaker[method]()

    expect(new Set(states)).toEqual(new Set([state]))
  })
})
