// What docs/from-opossum.md says about both libraries.
import Opossum from 'opossum'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitFullError,
  CircuitOpenError,
  isShortCircuitError,
} from 'short-circuit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const down = async (): Promise<never> => {
  throw new Error('down')
}
const answer = async () => 'answer'
const never = () => new Promise<never>(() => {})
const fail = (call: () => Promise<unknown>) => call().catch((error: unknown) => error)

async function times(count: number, call: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await fail(call)
}

describe('without options', () => {
  it('opossum opens with the first failure, and this library with the 13th in a row at the latest', async () => {
    const theirs = new Opossum(down)
    await times(1, () => theirs.fire())
    expect(theirs.opened).toBe(true)

    const ours = new CircuitBreaker()
    let failures = 0
    for (; ours.state === 'closed'; failures++) {
      await times(1, () => ours.run(down))
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(failures).toBeGreaterThan(10)
    expect(failures).toBeLessThanOrEqual(13)
  })

  it('opossum ends a call after 10 s, and this library never', async () => {
    const theirs = fail(() => new Opossum(never).fire())
    const ours = new CircuitBreaker()
    ours.run(never).catch(() => {})
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await theirs).toMatchObject({ code: 'ETIMEDOUT' })
    await vi.advanceTimersByTimeAsync(3_600_000)

    expect(ours.options.callTimeout).toBeUndefined()
    expect(ours.snapshot().inFlight).toBe(1)
  })

  it('opossum stays open for 30 s, and this library for about 1 s', async () => {
    const theirs = new Opossum(down)
    await times(1, () => theirs.fire())
    await vi.advanceTimersByTimeAsync(29_999)
    expect(theirs.opened).toBe(true)
    await vi.advanceTimersByTimeAsync(1)
    expect(theirs.halfOpen).toBe(true)

    const ours = new CircuitBreaker({ maxFailures: 1 })
    await times(1, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(749)
    expect(ours.state).toBe('open')
    await vi.advanceTimersByTimeAsync(502)
    expect(ours.state).toBe('half-open')
  })
})

describe('errorThresholdPercentage', () => {
  const share = (threshold: number, minimumCalls = 4): CircuitBreakerOptions => ({
    trip: { failureRate: { threshold, minimumCalls, window: { duration: 10_000 } } },
  })

  it('must be exceeded in opossum, and reached in this library', async () => {
    const results = [answer, answer, down, down]
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      errorThresholdPercentage: 50,
      volumeThreshold: 4,
    })
    const ours = new CircuitBreaker(share(0.5))
    for (const result of results) {
      await fail(() => theirs.fire(result))
      await fail(() => ours.run(result))
    }

    expect([theirs.opened, ours.state]).toEqual([false, 'open'])
  })

  it('at 100 never opens opossum, and at 1 opens this library when all calls fail', async () => {
    const theirs = new Opossum(down, { errorThresholdPercentage: 100 })
    const ours = new CircuitBreaker(share(1))
    await times(50, () => theirs.fire())
    await times(4, () => ours.run(down))

    expect([theirs.opened, ours.state]).toEqual([false, 'open'])
  })

  it('divides by all calls in opossum, rejected ones and those in flight too, and here by those that ended', async () => {
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      timeout: false,
      volumeThreshold: 4,
    })
    const ours = new CircuitBreaker(share(0.5))
    for (let i = 0; i < 10; i++) {
      theirs.fire(never).catch(() => {})
      ours.run(never).catch(() => {})
    }
    await times(8, () => theirs.fire(down))
    await times(4, () => ours.run(down))

    expect([theirs.opened, ours.state]).toEqual([false, 'open'])
  })

  it('as a percentage is an error here that says what it is called', () => {
    expect(() => new CircuitBreaker(share(50))).toThrow(RangeError)
    const foreign = { errorThresholdPercentage: 50 } as CircuitBreakerOptions
    expect(() => new CircuitBreaker(foreign)).toThrow('trip.failureRate.threshold')
  })

  it('keeps in opossum what it saw before it opened, and here nothing', async () => {
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      resetTimeout: 1_000,
      volumeThreshold: 4,
    })
    const ours = new CircuitBreaker({ ...share(0.5), resetTimeout: 1_000 })
    await times(4, () => theirs.fire(down))
    await times(4, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(1_000)
    await theirs.fire(answer)
    await ours.run(answer)
    await times(1, () => theirs.fire(down))
    await times(1, () => ours.run(down))

    expect([theirs.opened, ours.state]).toEqual([true, 'closed'])
  })
})

it('maxFailures is ignored by opossum, with a warning, and here is the number of failures in a row', async () => {
  const warn = vi.spyOn(console, 'error').mockImplementation(() => {})
  const theirs = new Opossum(down, { maxFailures: 3 })
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('deprecated'))
  warn.mockRestore()
  const ours = new CircuitBreaker({ maxFailures: 3 })
  await times(2, () => ours.run(down))
  await times(1, () => theirs.fire())
  expect([theirs.opened, ours.state]).toEqual([true, 'closed'])
  await times(1, () => ours.run(down))

  expect(ours.state).toBe('open')
})

describe('errorFilter', () => {
  it('gets the arguments of the call in opossum, and makes a success there that still rejects', async () => {
    const errorFilter = vi.fn(() => true)
    const theirs = new Opossum(async (_id: number) => down(), { errorFilter })

    expect(await fail(() => theirs.fire(7))).toMatchObject({ message: 'down' })
    expect(errorFilter).toHaveBeenCalledWith(expect.any(Error), 7)
    expect([theirs.stats.successes, theirs.stats.failures]).toEqual([1, 0])
  })

  it('has no fallback in opossum, and neither has what counts as success or neutral here', async () => {
    const theirs = new Opossum(down, { errorFilter: () => true })
    theirs.fallback(() => 'fallback')
    expect(await fail(() => theirs.fire())).toMatchObject({ message: 'down' })

    for (const outcome of ['success', 'neutral'] as const) {
      const ours = new CircuitBreaker({ classify: () => outcome, fallback: () => 'fallback' })
      expect(await fail(() => ours.run(down))).toMatchObject({ message: 'down' })
    }
  })

  it('that throws leaves the call without an end in opossum, and classify that throws is reported', async () => {
    const bug = () => {
      throw new Error('bug')
    }
    const theirs = await endsUnhandled(() => new Opossum(down, { errorFilter: bug }).fire())
    const ours = new CircuitBreaker({ classify: bug })
    const reported = vi.fn()
    ours.on('listenerError', reported)

    expect(theirs).toBe('never ends')
    expect(await fail(() => ours.run(down))).toMatchObject({ message: 'down' })
    expect(reported).toHaveBeenCalledTimes(1)
    expect(ours.snapshot().counts.failure).toBe(1)
  })
})

/** Makes a call that leaves a rejection unhandled, which is not to fail the tests. */
async function endsUnhandled(call: () => Promise<unknown>): Promise<unknown> {
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve))
  const ends = call().catch(() => 'ends')
  await unhandled
  for (const listener of listeners) process.on('unhandledRejection', listener)
  return Promise.race([ends, Promise.resolve('never ends')])
}

describe('the fallback', () => {
  it('gets the error last in opossum, and first here', async () => {
    const theirs = new Opossum(async (_a: number, _b: number) => down())
    const last = vi.fn((..._args: unknown[]) => 'instead')
    theirs.fallback(last)
    const first = vi.fn((_error: unknown, ..._args: unknown[]) => 'instead')
    const ours = new CircuitBreaker({ fallback: first })(async (_a: number, _b: number) => down())
    await theirs.fire(1, 2)
    await ours(1, 2)

    expect(last.mock.calls[0]).toEqual([1, 2, expect.any(Error)])
    expect(first.mock.calls[0]).toEqual([expect.any(Error), 1, 2])
  })

  it('runs for failures, rejections, timeouts and calls beyond the capacity in both', async () => {
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      capacity: 1,
      timeout: 100,
      volumeThreshold: 3,
    })
    theirs.fallback((_call: unknown, error: { code?: string }) => error.code ?? 'none')
    const ours = new CircuitBreaker({
      maxConcurrent: 1,
      callTimeout: 100,
      maxFailures: 2,
      fallback: (error) => (error as { code?: string }).code ?? 'none',
    })
    const of = async (fire: (call: () => Promise<unknown>) => Promise<unknown>) => {
      const hung = fire(never)
      const full = await fire(answer)
      await vi.advanceTimersByTimeAsync(101)
      return [full, await hung, await fire(down), await fire(answer)]
    }

    expect(await of((call) => theirs.fire(call))).toEqual([
      'ESEMLOCKED',
      'ETIMEDOUT',
      'none',
      'EOPENBREAKER',
    ])
    expect(await of((call) => ours.run(call))).toEqual([
      'ERR_CIRCUIT_FULL',
      'ERR_CALL_TIMEOUT',
      'none',
      'ERR_CIRCUIT_OPEN',
    ])
  })

  it('that fails hides in opossum what it stood in for, and has it as its cause here', async () => {
    const broken = () => {
      throw new Error('no cache')
    }
    const theirs = new Opossum(down)
    theirs.fallback(broken)
    const ours = new CircuitBreaker({ fallback: broken })

    expect(await fail(() => theirs.fire())).toEqual(new Error('no cache'))
    expect(await fail(() => ours.run(down))).toMatchObject({
      message: 'no cache',
      cause: { message: 'down' },
    })
  })

  it('may be another breaker in both', async () => {
    const theirs = new Opossum(async (_id: number) => down())
    theirs.fallback(new Opossum(async (id: number) => id))
    const second = new CircuitBreaker({ name: 'second' })(async (id: number) => id)
    const ours = new CircuitBreaker({ fallback: (_error, id: number) => second(id) })(
      async (_id: number) => down(),
    )

    expect([await theirs.fire(7), await ours(7)]).toEqual([7, 7])
  })
})

describe('the function', () => {
  it('gets itself as `this` from fire, and here what it is called on', async () => {
    const client = {
      async find() {
        return this as unknown
      },
    }
    const { find } = client
    const theirs = new Opossum(find)
    expect(await theirs.fire()).toBe(find)
    expect(await theirs.call(client)).toBe(client)

    client.find = new CircuitBreaker()(find)
    expect(await client.find()).toBe(client)
  })

  it('that returns undefined at once is a failure in opossum', async () => {
    const nothing = (() => undefined) as never
    expect(await fail(() => new Opossum(nothing).fire())).toBeInstanceOf(TypeError)
    expect(await new CircuitBreaker().run(nothing)).toBeUndefined()
  })
})

describe('while half-open', () => {
  it('both let one call through and reject the others at once', async () => {
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      resetTimeout: 1_000,
      timeout: false,
    })
    const ours = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000 })
    await times(1, () => theirs.fire(down))
    await times(1, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(1_000)
    theirs.fire(never).catch(() => {})
    ours.run(never).catch(() => {})

    expect(await fail(() => theirs.fire(answer))).toMatchObject({ code: 'EOPENBREAKER' })
    expect(await fail(() => ours.run(answer))).toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
      state: 'half-open',
    })
  })

  it('a call that never ends blocks opossum for ever without a timeout, and this library for 30 s', async () => {
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      resetTimeout: 1_000,
      timeout: false,
    })
    const ours = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000 })
    await times(1, () => theirs.fire(down))
    await times(1, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(1_000)
    theirs.fire(never).catch(() => {})
    ours.run(never).catch(() => {})
    await vi.advanceTimersByTimeAsync(3_600_000)

    expect(await fail(() => theirs.fire(answer))).toMatchObject({ code: 'EOPENBREAKER' })
    expect(await ours.run(answer)).toBe('answer')
  })

  it('a call from before it opened closes opossum, and nothing here', async () => {
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), {
      resetTimeout: 1_000,
      timeout: false,
    })
    const ours = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000 })
    let end = () => {}
    const early = () => new Promise<void>((resolve) => (end = resolve))
    const ends = []
    const calls = [theirs.fire(early)]
    ends.push(end)
    calls.push(ours.run(early))
    ends.push(end)
    await times(1, () => theirs.fire(down))
    await times(1, () => theirs.fire(down))
    await times(1, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(1_000)
    expect([theirs.halfOpen, ours.state]).toEqual([true, 'half-open'])
    for (const now of ends) now()
    await Promise.all(calls)

    expect([theirs.closed, ours.state]).toEqual([true, 'half-open'])
  })
})

describe('by hand', () => {
  it('disable takes the fallback away in opossum, and leaves it here; enable is release', async () => {
    const theirs = new Opossum(down)
    theirs.fallback(() => 'instead')
    theirs.disable()
    expect(await fail(() => theirs.fire())).toMatchObject({ message: 'down' })
    theirs.enable()
    expect(await theirs.fire()).toBe('instead')

    const ours = new CircuitBreaker({ maxFailures: 1, fallback: () => 'instead' })
    ours.disable()
    expect(await ours.run(down)).toBe('instead')
    expect(ours.snapshot().counts.failure).toBe(0)
    ours.release()
    await ours.run(down)
    expect(ours.state).toBe('open')
  })

  it('shutdown rejects for good in opossum, and forceOpen does here', async () => {
    const theirs = new Opossum(answer)
    theirs.shutdown()
    const ours = new CircuitBreaker()
    ours.forceOpen()
    await vi.advanceTimersByTimeAsync(86_400_000)

    expect(await fail(() => theirs.fire())).toMatchObject({ code: 'ESHUTDOWN' })
    expect(await fail(() => ours.run(answer))).toBeInstanceOf(CircuitOpenError)
  })

  it('a breaker has two timers in opossum until it is shut down, and none here', () => {
    const ours = new CircuitBreaker()
    ours.trip()
    expect(vi.getTimerCount()).toBe(0)
    const theirs = new Opossum(answer)
    expect(vi.getTimerCount()).toBe(2)
    theirs.shutdown()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('events', () => {
  it('tell the result in opossum, and here how long it took', async () => {
    const success = vi.fn()
    const failure = vi.fn()
    const theirs = new Opossum((call: () => Promise<unknown>) => call())
    theirs.on('success', success).on('failure', failure)
    await theirs.fire(answer)
    await fail(() => theirs.fire(down))
    expect(success).toHaveBeenCalledWith('answer', 0)
    expect(failure).toHaveBeenCalledWith(expect.any(Error), 0, [down])

    const ours = new CircuitBreaker({ name: 'users' })
    const succeeded = vi.fn()
    const failed = vi.fn()
    ours.on('success', succeeded)
    ours.on('failure', failed)
    await ours.run(answer)
    await fail(() => ours.run(down))
    expect(succeeded).toHaveBeenCalledWith(
      expect.objectContaining({ breaker: 'users', duration: 0 }),
    )
    expect(failed).toHaveBeenCalledWith(
      expect.objectContaining({ error: expect.any(Error), duration: 0 }),
    )
  })

  it('of a call beyond the capacity are semaphoreLocked and failure in opossum, and reject here', async () => {
    const heard: string[] = []
    const theirs = new Opossum((call: () => Promise<unknown>) => call(), { capacity: 1 })
    for (const event of ['semaphoreLocked', 'failure', 'reject'] as const) {
      theirs.on(event as 'reject', () => heard.push(event))
    }
    theirs.fire(never).catch(() => {})
    await fail(() => theirs.fire(answer))
    expect(heard).toEqual(['semaphoreLocked', 'failure'])

    const ours = new CircuitBreaker({ maxConcurrent: 1 })
    const reject = vi.fn()
    ours.on('reject', reject)
    ours.run(never).catch(() => {})
    expect(await fail(() => ours.run(answer))).toBeInstanceOf(CircuitFullError)
    expect(reject).toHaveBeenCalledWith(expect.objectContaining({ reason: 'full' }))
  })

  it('whose listener throws make the call fail in opossum, and are reported here', async () => {
    const bug = () => {
      throw new Error('bug')
    }
    const theirs = new Opossum(answer)
    theirs.on('success', bug)
    expect(await fail(() => theirs.fire())).toMatchObject({ message: 'bug' })
    expect(theirs.stats.failures).toBe(1)

    const ours = new CircuitBreaker()
    const reported = vi.fn()
    ours.on('success', bug)
    ours.on('listenerError', reported)
    expect(await ours.run(answer)).toBe('answer')
    expect(reported).toHaveBeenCalledTimes(1)
  })
})

describe('the rest', () => {
  it('isOurError is isShortCircuitError', async () => {
    const theirs = new Opossum(down)
    await times(1, () => theirs.fire())
    const ours = new CircuitBreaker({ maxFailures: 1 })
    await times(1, () => ours.run(down))

    expect(Opossum.isOurError((await fail(() => theirs.fire())) as Error)).toBe(true)
    expect(isShortCircuitError(await fail(() => ours.run(down)))).toBe(true)
  })

  it('the error of a rejected call says in this library why, and when to come back', async () => {
    const ours = new CircuitBreaker({ name: 'users', maxFailures: 1, resetTimeout: 3_000 })
    await times(1, () => ours.run(down))

    expect(await fail(() => ours.run(down))).toMatchObject({
      retryAfter: 3_000,
      reason: 'consecutiveFailures',
      cause: { message: 'down' },
      statusCode: 503,
    })
  })

  it('an AbortController is one for all calls in opossum, and here each call has a signal', async () => {
    const controller = new AbortController()
    const theirs = new Opossum(never, { abortController: controller, timeout: 100 })
    theirs.fire().catch(() => {})
    await vi.advanceTimersByTimeAsync(50)
    theirs.fire().catch(() => {})
    await vi.advanceTimersByTimeAsync(50)
    expect(controller.signal.aborted).toBe(true)

    const signals: AbortSignal[] = []
    const ours = new CircuitBreaker({ callTimeout: 100 })
    const hang = (signal: AbortSignal) => {
      signals.push(signal)
      return never()
    }
    ours.run(hang).catch(() => {})
    await vi.advanceTimersByTimeAsync(50)
    ours.run(hang).catch(() => {})
    await vi.advanceTimersByTimeAsync(51)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  it('a caller that aborts its call is a failure in opossum, and no evidence here', async () => {
    const until = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    const theirs = new Opossum(until)
    const ours = new CircuitBreaker({ maxFailures: 1 })
    const caller = new AbortController()
    const calls = [theirs.fire(caller.signal), ours(until)(caller.signal)]
    caller.abort()
    await Promise.allSettled(calls)

    expect([theirs.opened, ours.state]).toEqual([true, 'closed'])
  })

  it('fires has rejected calls and hits of the cache, and admitted has not', async () => {
    const theirs = new Opossum(answer, { cache: true })
    await times(2, () => theirs.fire())
    theirs.open()
    theirs.clearCache()
    await times(1, () => theirs.fire())
    const ours = new CircuitBreaker()
    await times(2, () => ours.run(answer))
    ours.trip()
    await times(1, () => ours.run(answer))

    expect(theirs.stats).toMatchObject({ fires: 3, cacheHits: 1, rejects: 1, successes: 1 })
    expect(ours.snapshot().counts).toMatchObject({ admitted: 2, success: 2, rejected: { open: 1 } })
  })

  it('a timeout is counted as a failure, too, in both', async () => {
    const theirs = new Opossum(never, { timeout: 100 })
    const ours = new CircuitBreaker({ callTimeout: 100 })
    const calls = [fail(() => theirs.fire()), fail(() => ours.run(never))]
    await vi.advanceTimersByTimeAsync(101)
    await Promise.all(calls)

    expect(theirs.stats).toMatchObject({ timeouts: 1, failures: 1 })
    expect(ours.snapshot().counts).toMatchObject({ timeout: 1, failure: 1 })
  })

  it('the options object is changed by opossum, and not here', () => {
    const options = { resetTimeout: 1_000 }
    new CircuitBreaker(options)
    expect(Object.keys(options)).toEqual(['resetTimeout'])
    new Opossum(answer, options).shutdown()

    expect(Object.keys(options).length).toBeGreaterThan(10)
  })

  it('two breakers of one options object share a cache in opossum', async () => {
    const options = { cache: true }
    const one = new Opossum(async () => 'one', options)
    const two = new Opossum(async () => 'two', options)
    await one.fire()

    expect(await two.fire()).toBe('one')
  })

  it('a state saved open is open again in both', async () => {
    const theirs = new Opossum(down, { resetTimeout: 1_000 })
    await times(1, () => theirs.fire())
    const { state, status } = JSON.parse(JSON.stringify(theirs))
    const again = new Opossum(down, { resetTimeout: 1_000, state, status } as Opossum.Options)
    const ours = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000 })
    await times(1, () => ours.run(down))
    const saved = JSON.parse(JSON.stringify(ours.save()))

    expect(again.opened).toBe(true)
    expect(new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000, saved }).state).toBe('open')
  })
})
