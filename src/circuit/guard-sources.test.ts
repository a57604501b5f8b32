import { describe, expect, it, vi } from 'vitest'
import { fail, hang, open, record, succeed, turn } from '../../test/helpers/public.ts'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitRegistry,
  type Clock,
} from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const thrown = new Error('no time')

/** A clock one of whose methods does something else at some of its calls. */
function faulty(
  method: keyof Clock,
  instead: () => unknown,
  isFaulty: (call: number) => boolean = () => true,
): { clock: Clock; start: () => void } {
  const real = new ManualClock()
  let calls: number | undefined
  const clock: Clock = {
    now: () => real.now(),
    wall: () => real.wall(),
    setTimer: (ms, fn) => real.setTimer(ms, fn),
  }
  const working = clock[method] as (...args: unknown[]) => unknown
  const broken = (...args: unknown[]): unknown =>
    calls !== undefined && isFaulty(calls++) ? instead() : working(...args)
  return { clock: Object.assign(clock, { [method]: broken }), start: () => (calls = 0) }
}

const throwing = (): never => {
  throw thrown
}

const readings: readonly [string, () => unknown][] = [
  ['throws', throwing],
  ['returns NaN', () => Number.NaN],
  ['returns Infinity', () => Infinity],
  ['returns undefined', () => undefined],
  ['returns a string', () => '5'],
  ['returns a bigint', () => 5n],
  ['returns a symbol', () => Symbol('now')],
  ['returns an object that throws', () => ({ valueOf: throwing })],
]

/** Every way to make a call, once with a success and once with a failure. */
async function everyShape(breaker: CircuitBreaker): Promise<void> {
  const failing = (): Promise<never> => Promise.reject(new Error('down'))
  await breaker(async () => 'up')()
  await breaker(failing)().catch(() => {})
  await breaker.run(() => 'up')
  await breaker.run(failing).catch(() => {})
  breaker.sync(() => 'up')()
  for await (const _ of breaker.stream(async function* () {
    yield 1
  })());
  breaker.acquire().success()
  breaker.tryAcquire()?.failure(new Error('down'))
  const permit = breaker.acquire()
  permit[Symbol.dispose]()
}

function conserves(breaker: CircuitBreaker): void {
  const { counts, inFlight } = breaker.snapshot()
  expect(inFlight).toBe(0)
  expect(counts.admitted).toBe(counts.settled + counts.expired)
}

const shapes: readonly [string, CircuitBreakerOptions][] = [
  ['consecutive failures', { maxFailures: 100 }],
  ['all defaults', {}],
  ['statistics', { maxFailures: 100, statistics: true }],
  ['a call timeout', { maxFailures: 100, callTimeout: 1_000 }],
]

describe('a clock of which now()', () => {
  it.each(
    readings.flatMap(([what, instead]) => shapes.map((row) => [what, ...row, instead] as const)),
  )(
    '%s costs no call its permit, with %s, and is reported once',
    async (_, __, options, instead) => {
      const { clock, start } = faulty('now', instead)
      const breaker = new CircuitBreaker({ ...options, clock })
      const reports = record(breaker, 'listenerError')
      start()

      await everyShape(breaker)
      await turn()

      conserves(breaker)
      expect(breaker.snapshot().counts).toMatchObject({ success: 5, failure: 3, cancelled: 1 })
      expect(reports.map(([, event]) => event)).toEqual([
        { breaker: 'circuit', error: expect.any(Error), source: 'clock' },
      ])
    },
  )

  it.each(Array.from({ length: 12 }, (_, i) => i))(
    'throws once, at its call number %i, costs no call its permit',
    async (at) => {
      const { clock, start } = faulty('now', throwing, (call) => call === at)
      const breaker = new CircuitBreaker({ clock, callTimeout: 1_000 })
      const reports = record(breaker, 'listenerError')
      start()

      await everyShape(breaker)
      await turn()

      conserves(breaker)
      expect(reports).toHaveLength(1)
    },
  )

  it('throws lets manual control, reading and configuration go on', async () => {
    const { clock, start } = faulty('now', throwing)
    const breaker = new CircuitBreaker({ maxFailures: 1, clock })
    breaker.on('listenerError', () => {})
    start()

    breaker.trip()
    expect(breaker.state).toBe('open')
    breaker.halfOpen()
    expect(breaker.state).toBe('half-open')
    breaker.reset()
    breaker.forceOpen()[Symbol.dispose]()
    breaker.configure({ maxFailures: 2 })
    breaker.save()
    breaker.explain()
    expect(breaker.state).toBe('closed')
  })

  it('throws as the breaker is created is reported on the console', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { clock, start } = faulty('now', throwing, (call) => call === 0)
    start()

    const breaker = new CircuitBreaker({ name: 'users', clock })

    expect(breaker.state).toBe('closed')
    expect(print.mock.calls).toEqual([['short-circuit: circuit "users": clock threw', thrown]])
  })

  it('goes on works again as before', async () => {
    const real = new ManualClock()
    let broken = false
    const clock: Clock = {
      now: () => (broken ? throwing() : real.now()),
      wall: () => real.wall(),
      setTimer: (ms, fn) => real.setTimer(ms, fn),
    }
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000, clock })
    breaker.on('listenerError', () => {})
    await fail(breaker)

    broken = true
    await real.advance(500)
    expect(breaker.state).toBe('open')
    broken = false
    await real.advance(499)
    expect(breaker.state).toBe('open')
    await real.advance(1)

    expect(breaker.state).toBe('half-open')
  })
})

const noNumber = (): number => Number.NaN
const system = { now: () => 0, wall: () => 0, setTimer: () => () => {} }
it.each<[string, CircuitBreakerOptions]>([
  ['clock.now() must return a finite number', { clock: { ...system, now: noNumber } }],
  ['clock.wall() must return a finite number', { clock: { ...system, wall: noNumber } }],
  ['random() must return a number from 0 to less than 1', { random: noNumber }],
])('says what is wrong: %s', (message, options) => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})

  const breaker = new CircuitBreaker(options)
  breaker.trip()
  breaker.snapshot()

  expect(print.mock.calls[0]?.[1]).toEqual(new TypeError(`${message}, got NaN`))
  print.mockRestore()
})

it.each(readings)('a clock of which wall() %s shows 1970 and is reported', async (_, instead) => {
  const { clock, start } = faulty('wall', instead)
  const breaker = new CircuitBreaker({ maxFailures: 1, clock })
  const reports = record(breaker, 'listenerError')
  start()
  await open(breaker)

  expect(breaker.snapshot().trips[0]?.at).toBe(0)
  expect(breaker.explain().text).toContain('1 call failed')
  expect(reports).toHaveLength(1)
})

it('a clock of which setTimer() throws has the timers of the process', async () => {
  const { clock, start } = faulty('setTimer', throwing)
  const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: 5, clock })
  const reports = record(breaker, 'listenerError')
  start()

  const { result } = hang(breaker)

  expect(await result).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
  expect(reports[0]?.[1]).toMatchObject({ error: thrown, source: 'clock' })
  conserves(breaker)
})

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['a function that throws', throwing],
])(
  'a clock whose setTimer() returns %s to cancel the timer costs no call its permit, and is reported once',
  async (_, cancel) => {
    const real = new ManualClock()
    const setTimer = (ms: number, fn: () => void): never => {
      real.setTimer(ms, fn)
      return cancel as never
    }
    const clock: Clock = { now: () => real.now(), wall: () => real.wall(), setTimer }
    const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: 5, clock })
    const reports = record(breaker, 'listenerError')

    for (let i = 0; i < 2; i++) {
      await succeed(breaker)
      await real.advance(1)
    }

    conserves(breaker)
    expect(breaker.snapshot().counts.success).toBe(2)
    expect(reports).toMatchObject([
      ['listenerError', { error: expect.any(Error), source: 'clock' }],
    ])
  },
)

describe('random() that', () => {
  it.each([
    ...readings,
    ['returns 1', () => 1],
    ['returns -1', () => -1],
    ['returns null', () => null],
  ] as [string, () => unknown][])(
    '%s makes no jitter, and is reported once',
    async (_, instead) => {
      const clock = new ManualClock()
      let broken = false
      const random = (): number => (broken ? (instead() as number) : 0.5)
      const resetTimeout = { initial: 1_000, jitter: 0.5 }
      const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout, clock, random })
      const reports = record(breaker, 'listenerError')
      breaker.trip()
      broken = true
      breaker.reset()

      breaker.trip()
      breaker.reset()
      breaker.trip()

      expect(breaker.state).toBe('open')
      expect(breaker.snapshot().retryAfter).toBe(1_000)
      await clock.advance(999)
      expect(breaker.tryAcquire()).toBeUndefined()
      await clock.advance(1)
      expect(breaker.tryAcquire()).toMatchObject({ probe: true })
      expect(reports.map(([, event]) => event)).toEqual([
        { breaker: 'circuit', error: expect.any(Error), source: 'random' },
      ])
    },
  )

  it('returns 0 is right', () => {
    const resetTimeout = { initial: 1_000, jitter: 0.5 }
    const breaker = new CircuitBreaker({ resetTimeout, clock: new ManualClock(), random: () => 0 })
    const reports = record(breaker, 'listenerError')

    breaker.trip()

    expect(breaker.snapshot().retryAfter).toBeLessThan(1_000)
    expect(reports).toEqual([])
  })

  it('throws as the breaker is created is reported on the console', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})

    expect(new CircuitBreaker({ random: throwing }).state).toBe('closed')

    expect(print.mock.calls).toEqual([['short-circuit: circuit "circuit": random threw', thrown]])
  })
})

it('breakers of a registry hear of their own clock and random numbers', async () => {
  const { clock, start } = faulty('now', throwing)
  const registry = new CircuitRegistry({ defaults: { clock, maxFailures: 1 } })
  const reports: unknown[] = []
  registry.on('listenerError', (event) => reports.push(event))
  const breaker = registry.breaker('users')
  await succeed(breaker)
  start()

  await fail(breaker)

  expect(reports).toEqual([{ breaker: 'users', error: thrown, source: 'clock' }])
  conserves(breaker)
})
