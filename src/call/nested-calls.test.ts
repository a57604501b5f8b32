import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, hang, RESET_TIMEOUT, reasonOf, turn } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { CircuitOpenError } from '../errors.ts'
import { protect } from '../protect.ts'
import { CircuitRegistry } from '../registry.ts'
import type { ManualClock } from '../testing/manual-clock.ts'

let breaker: CircuitBreaker
let clock: ManualClock

beforeEach(async () => {
  ;({ breaker, clock } = createBreaker({ maxFailures: 1 }))
  breaker.trip()
  await clock.advance(RESET_TIMEOUT)
})

type Inner = () => Promise<unknown>
type Outer = (inner: Inner) => Promise<unknown>

/** Calls the other one at once, and once more later. */
async function twice(inner: Inner): Promise<unknown> {
  await inner()
  await turn()
  return inner()
}

async function last(items: AsyncIterable<unknown>): Promise<unknown> {
  let value: unknown
  for await (const item of items) value = item
  return value
}

const outers: [string, Outer][] = [
  ['a wrapped function', (inner) => breaker(() => twice(inner))()],
  [
    'a wrapped function with arguments',
    (inner) => breaker((f: Inner, _: number) => twice(f))(inner, 1),
  ],
  [
    'a wrapped function with a timeout',
    (inner) => {
      breaker.configure({ callTimeout: 60_000 })
      return breaker(() => twice(inner))()
    },
  ],
  ['run', (inner) => breaker.run(() => twice(inner))],
  ['withSignal', (inner) => breaker.withSignal(() => twice(inner))()],
  ['sync', async (inner) => breaker.sync((() => twice(inner)) as () => unknown)()],
  [
    'a generator',
    (inner) =>
      last(
        breaker.stream(async function* () {
          yield await twice(inner)
          yield await twice(inner)
        })(),
      ),
  ],
  [
    'a promise of a stream',
    async (inner) =>
      last(
        await breaker.stream(async () => {
          const value = await twice(inner)
          return (async function* () {
            yield value
          })()
        })(),
      ),
  ],
  ['a client', (inner) => protect({ get: async () => twice(inner) }, breaker).get()],
]

const inners: [string, Inner][] = [
  ['a wrapped function', () => breaker(async () => 'answer')()],
  ['a wrapped function with an object', () => breaker(async (_: object) => 'answer')({})],
  ['run', () => breaker.run(() => 'answer')],
  [
    'run with options',
    () => breaker.run(() => 'answer', { timeout: 50, signal: new AbortController().signal }),
  ],
  ['withSignal', () => breaker.withSignal(() => 'answer')()],
  ['sync', async () => breaker.sync(() => 'answer')()],
  [
    'a stream',
    () =>
      last(
        breaker.stream(async function* () {
          yield 'answer'
        })(),
      ),
  ],
  [
    'a permit',
    async () => {
      breaker.acquire().success()
      return 'answer'
    },
  ],
  ['a client', () => protect({ get: async () => 'answer' }, breaker).get()],
  ['another two', () => breaker.run(() => breaker(() => breaker.run(() => 'answer'))())],
]

describe.each(outers)('a probe by %s', (_, outer) => {
  it.each(inners)('may call %s of the same breaker: both are one call', async (_, inner) => {
    expect(await outer(inner)).toBe('answer')

    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { admitted: 1, settled: 1, success: 1, rejected: { 'half-open': 0 } },
    })
  })
})

describe('a call within a probe', () => {
  it('counts by what the outer one makes of it', async () => {
    const down = new Error('down')
    const failing = breaker(() => Promise.reject(down))

    await breaker.run(() => failing().catch(() => 'instead'))
    expect(breaker.state).toBe('closed')
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)

    expect(await reasonOf(breaker.run(() => failing()))).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { failure: 1 } })
  })

  it('lets no other call through', async () => {
    let go = (): void => {}
    const waiting = new Promise<void>((resolve) => (go = resolve))
    const probe = breaker.run(async () => {
      await waiting
      return breaker.run(() => 'inner')
    })

    expect(await reasonOf(breaker.run(() => 1))).toBeInstanceOf(CircuitOpenError)
    go()

    expect(await probe).toBe('inner')
  })

  it('is a call by itself once the outer one has ended', async () => {
    let go = (): void => {}
    const waiting = new Promise<void>((resolve) => (go = resolve))
    let later: Promise<unknown> | undefined
    await breaker.run(() => {
      later = waiting.then(() => breaker.run(() => 'later'))
    })
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)

    go()

    expect(await reasonOf(later as Promise<unknown>)).toBeInstanceOf(CircuitOpenError)
    await probe.release()
  })

  it('is a call by itself in a half-open state that came later', async () => {
    let go = (): void => {}
    const waiting = new Promise<void>((resolve) => (go = resolve))
    const first = breaker.run(() => waiting.then(() => breaker.run(() => 'inner')))
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    const second = hang(breaker)

    go()

    expect(await reasonOf(first)).toBeInstanceOf(CircuitOpenError)
    await second.release()
    expect(breaker.state).toBe('closed')
  })

  it('is rejected where the circuit is forced open meanwhile', async () => {
    const probe = breaker.run(() => {
      breaker.forceOpen()
      return breaker.run(() => 1)
    })

    expect(await reasonOf(probe)).toMatchObject({ reason: 'forced-open' })
  })

  it('passes through another breaker in between, which has its own evidence', async () => {
    const { breaker: other } = createBreaker({ maxFailures: 1 })

    expect(await breaker.run(() => other.run(() => breaker.run(() => 'inner')))).toBe('inner')

    expect(other.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { admitted: 1 } })
  })

  it('passes through a probe of another breaker in between', async () => {
    const { breaker: other, clock } = createBreaker({ maxFailures: 1 })
    other.trip()
    await clock.advance(RESET_TIMEOUT)

    expect(await breaker.run(() => other.run(() => breaker.run(() => 'inner')))).toBe('inner')

    expect([breaker.state, other.state]).toEqual(['closed', 'closed'])
    expect(breaker.snapshot().counts.admitted).toBe(1)
  })

  it('is none of another breaker, which needs a permit', async () => {
    const { breaker: other, clock } = createBreaker({ maxFailures: 1 })
    other.trip()
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(other)

    expect(await reasonOf(breaker.run(() => other.run(() => 1)))).toBeInstanceOf(CircuitOpenError)
    await probe.release()
  })

  it('has its own timeout and signal', async () => {
    let own: AbortSignal | undefined
    const probe = breaker.run(() =>
      breaker
        .run(
          (signal) => {
            own = signal
            return new Promise(() => {})
          },
          { timeout: 50 },
        )
        .catch((error: unknown) => error),
    )

    await clock.advance(50)

    expect(await probe).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    expect(own?.aborted).toBe(true)
    expect(breaker.state).toBe('closed')
  })

  it('works for the breakers of keys', async () => {
    const registry = new CircuitRegistry()
    const key = (host: string): string => host
    const options = { key, name: 'hosts', clock, resetTimeout: RESET_TIMEOUT }
    const inner = registry.keyed(async (_: string) => 'inner', options)
    const outer = registry.keyed((host: string) => inner(host), options)
    await outer('a')
    for (const keyed of registry) keyed.trip()
    await clock.advance(RESET_TIMEOUT)

    expect(await outer('a')).toBe('inner')
    expect([...registry].map(({ state }) => state)).not.toContain('open')
  })
})

it.each<[string, (breaker: CircuitBreaker, inner: Inner) => Promise<unknown>]>([
  ['run', (breaker, inner) => breaker.run(() => inner())],
  [
    'a stream',
    (breaker, inner) =>
      last(
        breaker.stream(async function* () {
          yield await inner()
        })(),
      ),
  ],
  ['a client', (breaker, inner) => protect({ get: () => inner() }, breaker).get()],
])(
  'two calls of which one makes the other are both counted while closed: by %s',
  async (_, outer) => {
    const breaker = new CircuitBreaker()

    expect(await outer(breaker, () => breaker.run(() => 'answer'))).toBe('answer')

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 2, success: 2 })
  },
)
