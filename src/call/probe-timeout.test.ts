import { describe, expect, it } from 'vitest'
import { createBreaker, hang, RESET_TIMEOUT, reasonOf } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { CallTimeoutError, CircuitOpenError } from '../errors.ts'
import type { CircuitBreakerOptions } from '../options.ts'
import { protect } from '../protect.ts'
import { CircuitRegistry } from '../registry.ts'
import type { ManualClock } from '../testing/manual-clock.ts'

const PROBE_TIMEOUT = 400

/** A half-open breaker whose probes are given up after `PROBE_TIMEOUT`, unless other options say so. */
async function halfOpen(options: CircuitBreakerOptions<unknown> = {}): Promise<{
  breaker: CircuitBreaker<unknown>
  clock: ManualClock
}> {
  const recovery = { probes: 1, timeout: PROBE_TIMEOUT }
  const { breaker, clock } = createBreaker({ recovery, ...options })
  breaker.trip()
  await clock.advance(RESET_TIMEOUT)
  return { breaker, clock }
}

type Probe = (breaker: CircuitBreaker<unknown>, seen: (signal: AbortSignal) => void) => unknown

const never = (): Promise<never> => new Promise(() => {})

/** Calls that hang. */
const calls: [string, Probe][] = [
  ['a wrapped function without arguments', (breaker) => breaker(never)()],
  ['a wrapped function with one argument', (breaker) => breaker((_: number) => never())(1)],
  [
    'a wrapped function with two arguments',
    (breaker) => breaker((_: number, __: string) => never())(1, 'two'),
  ],
  [
    'a wrapped function with any number of arguments',
    (breaker) => breaker((..._: number[]) => never())(1, 2, 3, 4),
  ],
  ['run', (breaker) => breaker.run(never)],
  ['run with a longer timeout', (breaker) => breaker.run(never, { timeout: 10 * PROBE_TIMEOUT })],
  ['run with a signal', (breaker) => breaker.run(never, { signal: new AbortController().signal })],
  [
    'a client’s method',
    (breaker) => {
      const client = protect({ get: async () => never() }, breaker as CircuitBreaker)
      return client.get()
    },
  ],
]

const signalled: [string, Probe][] = [
  [
    'a wrapped function',
    (breaker, seen) =>
      breaker((signal: AbortSignal) => {
        seen(signal)
        return never()
      })(new AbortController().signal),
  ],
  [
    'a wrapped function with { signal }',
    (breaker, seen) =>
      breaker((_: string, { signal }: { signal: AbortSignal }) => {
        seen(signal)
        return never()
      })('/', { signal: new AbortController().signal }),
  ],
  [
    'run',
    (breaker, seen) =>
      breaker.run((signal) => {
        seen(signal)
        return never()
      }),
  ],
  [
    'a client’s method',
    (breaker, seen) => {
      const get = async (signal: AbortSignal): Promise<never> => {
        seen(signal)
        return never()
      }
      return protect({ get }, breaker as CircuitBreaker).get(new AbortController().signal)
    },
  ],
]

describe.each(calls)('a probe that hangs, by %s,', (_, probe) => {
  it('is answered with CallTimeoutError once the probe timeout is over', async () => {
    const { breaker, clock } = await halfOpen()

    const reason = reasonOf(probe(breaker, () => {}) as Promise<unknown>)
    await clock.advance(PROBE_TIMEOUT - 1)
    expect(breaker.snapshot()).toMatchObject({ state: 'half-open', inFlight: 1 })
    await clock.advance(1)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(await reason).toMatchObject({ timeout: PROBE_TIMEOUT })
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { expired: 1 } })
    expect(clock.timers).toBe(0)
  })

  it('is answered where another call has found it expired before', async () => {
    const { breaker, clock } = await halfOpen()

    const reason = reasonOf(probe(breaker, () => {}) as Promise<unknown>)
    clock.set(clock.now() + PROBE_TIMEOUT)
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ reason: 'probeExpired' })
    await clock.advance(PROBE_TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { expired: 1 } })
  })

  it('is replaced by the fallback', async () => {
    const fallback = (error: unknown): unknown => ['instead of', error]
    const { breaker, clock } = await halfOpen({ fallback })

    const result = probe(breaker, () => {})
    await clock.advance(PROBE_TIMEOUT)

    expect(await result).toEqual(['instead of', expect.any(CallTimeoutError)])
  })

  it('ends by the call timeout where that is shorter', async () => {
    const { breaker, clock } = await halfOpen({ callTimeout: 100 })

    const reason = reasonOf(probe(breaker, () => {}) as Promise<unknown>)
    await clock.advance(100)
    await clock.advance(PROBE_TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
  })
})

describe.each(signalled)('the signal of a probe that hangs, by %s,', (_, probe) => {
  it('is aborted with the error of its caller', async () => {
    const { breaker, clock } = await halfOpen()
    let signal: AbortSignal | undefined

    const reason = reasonOf(probe(breaker, (seen) => (signal = seen)) as Promise<unknown>)
    expect(signal?.aborted).toBe(false)
    await clock.advance(PROBE_TIMEOUT)

    expect(signal).toMatchObject({ aborted: true, reason: await reason })
  })
})

describe('the probe timeout', () => {
  it('applies to the probes of a slow start', async () => {
    const { breaker, clock } = await halfOpen({
      trip: 'auto',
      recovery: { slowStart: {}, timeout: PROBE_TIMEOUT },
    })
    const reason = reasonOf(breaker.run(never))

    await clock.advance(PROBE_TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
  })

  it('is 30 s where no option says otherwise', async () => {
    const { breaker, clock } = await halfOpen({ recovery: { probes: 1 } })
    const reason = reasonOf(breaker.run(never))

    await clock.advance(30_000)

    expect(await reason).toMatchObject({ timeout: 30_000 })
  })

  it('does not apply to calls that are no probes', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 1, timeout: PROBE_TIMEOUT } })
    const calls = [breaker(never)(), breaker.run(never), breaker.acquire()]
    breaker.forceClosed()
    breaker.trip()
    calls.push(breaker.run(never))

    expect(clock.timers).toBe(0)
    await clock.advance(PROBE_TIMEOUT)

    expect(breaker.snapshot().counts).toMatchObject({ timeout: 0, expired: 0 })
  })

  it('needs a timer only while a probe is in flight', async () => {
    const { breaker, clock } = await halfOpen({ recovery: { probes: 2, timeout: PROBE_TIMEOUT } })
    expect(clock.timers).toBe(0)

    const probe = hang(breaker)
    expect(clock.timers).toBe(1)
    await probe.release()
    await clock.advance(0)

    expect(breaker.state).toBe('half-open')
    expect(clock.timers).toBe(0)
  })

  it('lets the next probe out after the open time that follows', async () => {
    const { breaker, clock } = await halfOpen()
    const first = hang(breaker)
    await clock.advance(PROBE_TIMEOUT + RESET_TIMEOUT)

    await breaker.run(() => 'answer')
    await first.release()

    expect(breaker.state).toBe('closed')
  })

  it('takes no notice of an answer that comes later', async () => {
    const { breaker, clock } = await halfOpen()
    const probe = hang(breaker)
    await clock.advance(PROBE_TIMEOUT)

    expect(await probe.release('late')).toBeInstanceOf(CallTimeoutError)
    expect(await reasonOf(breaker.run(() => 1))).toBeInstanceOf(CircuitOpenError)
  })

  it('gives back a permit that is never returned', async () => {
    const { breaker, clock } = await halfOpen()
    const permit = breaker.acquire({ timeout: 10 * PROBE_TIMEOUT })

    await clock.advance(PROBE_TIMEOUT)
    permit.success()

    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { expired: 1 } })
    expect(clock.timers).toBe(0)
  })

  it.each([
    [0.7, { expired: 1, failure: 0 }],
    [1, { expired: 1, failure: 0 }],
    [1.1, { expired: 0, failure: 1 }],
  ])('ends a probe by a timer that fires %d ms early: %j', async (early, counts) => {
    let timer: () => void = () => {}
    let now = 0
    const clock = {
      now: () => now,
      wall: () => now,
      setTimer: (ms: number, fn: () => void) => {
        if (ms > 0) timer = fn
        else queueMicrotask(fn)
        return () => {}
      },
    }
    const recovery = { probes: 1, timeout: PROBE_TIMEOUT }
    const breaker = new CircuitBreaker({ recovery, clock })
    breaker.trip()
    breaker.halfOpen()
    const reason = reasonOf(breaker.run(never))

    now = PROBE_TIMEOUT - early
    timer()

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject(counts)
  })

  it('applies to the breakers of keys', async () => {
    const { clock } = createBreaker()
    const registry = new CircuitRegistry()
    const get = registry.keyed((_: string) => never(), {
      key: (host) => host,
      maxFailures: 1,
      recovery: { probes: 1, timeout: PROBE_TIMEOUT },
      resetTimeout: RESET_TIMEOUT,
      clock,
    })
    void get('a')
    for (const breaker of registry) breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    const reason = reasonOf(get('a'))

    await clock.advance(PROBE_TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
  })
})
