// What docs/from-cockatiel.md says about both libraries.
import {
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  circuitBreaker,
  DelegateBackoff,
  fallback,
  handleAll,
  handleType,
  handleWhenResult,
  IsolatedCircuitError,
  IterableBackoff,
  retry,
  SamplingBreaker,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { CallTimeoutError, CircuitBreaker, CircuitFullError, CircuitOpenError } from 'short-circuit'
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

/** Both, opened by one failure, for a second. */
function both() {
  return {
    theirs: circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: 1_000,
    }),
    ours: new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000 }),
  }
}

async function bothOpen() {
  const { theirs, ours } = both()
  await times(1, () => theirs.execute(down))
  await times(1, () => ours.run(down))
  return { theirs, ours }
}

describe('the rules', () => {
  it('ConsecutiveBreaker(n) is maxFailures: n, and the n-th failure opens both', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(3),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({ maxFailures: 3, resetTimeout: 1_000 })
    const states = []
    for (let i = 0; i < 3; i++) {
      await times(1, () => theirs.execute(down))
      await times(1, () => ours.run(down))
      states.push([theirs.state, ours.state])
    }

    expect(states).toEqual([
      [CircuitState.Closed, 'closed'],
      [CircuitState.Closed, 'closed'],
      [CircuitState.Open, 'open'],
    ])
  })

  it('CountBreaker opens above its threshold, and failureRate when it is reached', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new CountBreaker({ threshold: 0.5, size: 4 }),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({
      trip: { failureRate: { threshold: 0.5, minimumCalls: 4, window: { calls: 4 } } },
    })
    for (const result of [answer, answer, down, down]) {
      await fail(() => theirs.execute(result))
      await fail(() => ours.run(result))
    }
    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'open'])
    await times(1, () => theirs.execute(down))

    expect(theirs.state).toBe(CircuitState.Open)
  })

  it('CountBreaker waits for as many calls as its size unless told, and failureRate for 10', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new CountBreaker({ threshold: 0.5, size: 20 }),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({ trip: { failureRate: { window: { calls: 20 } } } })
    await times(19, () => theirs.execute(down))
    await times(9, () => ours.run(down))
    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'closed'])
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'open'])
  })

  it('SamplingBreaker takes calls a second, and failureRate a number of calls', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({
      trip: { failureRate: { threshold: 0.5, minimumCalls: 20, window: { duration: 10_000 } } },
    })
    await times(19, () => theirs.execute(down))
    await times(19, () => ours.run(down))
    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'closed'])
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'open'])
  })

  it('SamplingBreaker without minimumRps opens from 5 failures a second on', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
      halfOpenAfter: 1_000,
    })
    await times(99, () => theirs.execute(down))
    expect(theirs.state).toBe(CircuitState.Closed)
    await times(1, () => theirs.execute(down))

    expect(theirs.state).toBe(CircuitState.Open)
  })

  it('SamplingBreaker counts what is an hour old', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 0.5 }),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({
      trip: { failureRate: { threshold: 0.5, minimumCalls: 5, window: { duration: 10_000 } } },
    })
    await times(4, () => theirs.execute(down))
    await times(4, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(3_600_000)
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'closed'])
  })

  it('a threshold of 1 is an error in cockatiel, and legal here', async () => {
    expect(() => new CountBreaker({ threshold: 1, size: 4 })).toThrow(RangeError)
    const ours = new CircuitBreaker({ trip: { failureRate: { threshold: 1, minimumCalls: 4 } } })
    await times(4, () => ours.run(down))

    expect(ours.state).toBe('open')
  })
})

describe('what counts', () => {
  class Network extends Error {}

  it('what handleType does not name is no evidence in cockatiel, as neutral is here', async () => {
    const theirs = circuitBreaker(handleType(Network), {
      breaker: new ConsecutiveBreaker(2),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({
      maxFailures: 2,
      classify: ({ status, reason }: { status: string; reason?: unknown }) =>
        status === 'rejected' && !(reason instanceof Network) ? 'neutral' : undefined,
    })
    const lost = () => Promise.reject(new Network())
    for (const result of [lost, down, down]) {
      await fail(() => theirs.execute(result))
      await fail(() => ours.run(result))
    }
    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'closed'])
    await fail(() => theirs.execute(lost))
    await fail(() => ours.run(lost))

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'open'])
  })

  it('and closes a half-open circuit in both', async () => {
    const theirs = circuitBreaker(handleType(Network), {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: 1_000,
    })
    const ours = new CircuitBreaker({
      maxFailures: 1,
      resetTimeout: 1_000,
      classify: ({ status, reason }: { status: string; reason?: unknown }) =>
        status === 'rejected' && !(reason instanceof Network) ? 'neutral' : undefined,
    })
    await fail(() => theirs.execute(() => Promise.reject(new Network())))
    await fail(() => ours.run(() => Promise.reject(new Network())))
    await vi.advanceTimersByTimeAsync(1_000)
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))

    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'closed'])
  })

  it('handleWhenResult is classify of a call that is fulfilled, whose value is returned in both', async () => {
    const busy = async () => 503
    const theirs = circuitBreaker(
      handleWhenResult((value) => value === 503),
      { breaker: new ConsecutiveBreaker(1), halfOpenAfter: 1_000 },
    )
    const ours = new CircuitBreaker({
      maxFailures: 1,
      classify: (settled) =>
        settled.status === 'fulfilled' && settled.value === 503 ? 'failure' : undefined,
    })

    expect([await theirs.execute(busy), await ours.run(busy)]).toEqual([503, 503])
    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'open'])
  })

  it('a caller who leaves is a failure in cockatiel, and no evidence here', async () => {
    const { theirs, ours } = both()
    const until = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    const caller = new AbortController()
    const calls = [
      fail(() => theirs.execute(({ signal }) => until(signal), caller.signal)),
      fail(() => ours.run(until, { signal: caller.signal })),
    ]
    caller.abort()
    await Promise.all(calls)

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'closed'])
  })

  it('a listener that throws makes the call fail in cockatiel, and is reported here', async () => {
    const { theirs, ours } = both()
    const bug = () => {
      throw new Error('bug')
    }
    theirs.onSuccess(bug)
    ours.on('success', bug)
    const reported = vi.fn()
    ours.on('listenerError', reported)

    expect(await fail(() => theirs.execute(answer))).toMatchObject({ message: 'bug' })
    expect(await ours.run(answer)).toBe('answer')
    expect(reported).toHaveBeenCalledTimes(1)
  })
})

describe('the states', () => {
  it('cockatiel reads Open until somebody calls, and this library half-open when the time is over', async () => {
    const { theirs, ours } = await bothOpen()
    await vi.advanceTimersByTimeAsync(1_000)

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'half-open'])
  })

  it('half-open, cockatiel lets callers wait without an end, and this library rejects them', async () => {
    const { theirs, ours } = await bothOpen()
    await vi.advanceTimersByTimeAsync(1_000)
    theirs.execute(never).catch(() => {})
    ours.run(never).catch(() => {})
    const caller = new AbortController()
    const waiting = fail(() => theirs.execute(answer, caller.signal))
    caller.abort()
    await vi.advanceTimersByTimeAsync(3_600_000)

    expect(await Promise.race([waiting, Promise.resolve('waits')])).toBe('waits')
    expect(await ours.run(answer)).toBe('answer')
  })

  it('halfOpenSampling takes the share that may fail, and recovery the number that must succeed', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: 1_000,
      halfOpenSampling: { calls: 10, threshold: 0.3 },
    })
    const ours = new CircuitBreaker({
      maxFailures: 1,
      resetTimeout: 1_000,
      recovery: { probes: 10, successes: 7 },
    })
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(1_000)
    const results = [down, down, down, ...Array(6).fill(answer)]
    for (const result of results) {
      await fail(() => theirs.execute(result))
      await fail(() => ours.run(result))
    }
    expect([theirs.state, ours.state]).toEqual([CircuitState.HalfOpen, 'half-open'])
    await theirs.execute(answer)
    await ours.run(answer)

    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'closed'])
  })

  it('the late failure of a call from before it opened opens cockatiel again while half-open', async () => {
    const { theirs, ours } = both()
    const ends: (() => void)[] = []
    const early = () =>
      new Promise<never>((_, reject) => ends.push(() => reject(new Error('late'))))
    const calls = [fail(() => theirs.execute(early)), fail(() => ours.run(early))]
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))
    await vi.advanceTimersByTimeAsync(1_000)
    theirs.execute(never).catch(() => {})
    ours.run(never).catch(() => {})
    for (const end of ends) end()
    await Promise.all(calls)

    expect([theirs.state, ours.state]).toEqual([CircuitState.Open, 'half-open'])
  })

  it('a step of the wall clock ends or prolongs the open time of cockatiel, and not that here', async () => {
    const { theirs, ours } = await bothOpen()
    vi.setSystemTime(Date.now() + 3_600_000)

    expect(await fail(() => theirs.execute(answer))).toBe('answer')
    expect(await fail(() => ours.run(answer))).toBeInstanceOf(CircuitOpenError)
  })

  it('isolate is a state in cockatiel, and forceOpen is an override here, under which it goes on', async () => {
    const { theirs, ours } = both()
    const isolated = theirs.isolate()
    const override = ours.forceOpen({ by: 'ada', reason: 'migration' })
    expect(theirs.state).toBe(CircuitState.Isolated)
    expect([ours.state, ours.snapshot().override?.mode]).toEqual(['open', 'forced-open'])
    expect(await fail(() => theirs.execute(answer))).toBeInstanceOf(IsolatedCircuitError)
    expect(await fail(() => ours.run(answer))).toMatchObject({ reason: 'forced-open' })
    isolated.dispose()
    override[Symbol.dispose]()

    expect([theirs.state, ours.state]).toEqual([CircuitState.Closed, 'closed'])
  })

  it('the event of an opening has the failure in cockatiel, and a reason here', async () => {
    const { theirs, ours } = both()
    const broke = vi.fn()
    const moved = vi.fn()
    theirs.onBreak(broke)
    ours.on('transition', moved)
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))

    expect(broke).toHaveBeenCalledWith({ error: expect.objectContaining({ message: 'down' }) })
    expect(moved).toHaveBeenCalledWith(
      expect.objectContaining({ from: 'closed', to: 'open', reason: 'consecutiveFailures' }),
    )
    expect(theirs.lastFailure).toEqual({ error: new Error('down') })
    expect(ours.snapshot().trips[0]).toMatchObject({ failures: [{ message: 'down' }] })
  })

  it('nothing tells of a rejection in cockatiel, and the event reject does here', async () => {
    const { theirs, ours } = await bothOpen()
    const heard = vi.fn()
    theirs.onFailure(heard)
    theirs.onSuccess(heard)
    await times(1, () => theirs.execute(answer))
    const rejected = vi.fn()
    ours.on('reject', rejected)
    await times(1, () => ours.run(answer))

    expect(heard).not.toHaveBeenCalled()
    expect(rejected).toHaveBeenCalledWith(expect.objectContaining({ retryAfter: 1_000 }))
  })
})

describe('halfOpenAfter', () => {
  it('an IterableBackoff is a function of the attempt', async () => {
    const theirs = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: new IterableBackoff([1_000, 5_000]),
    })
    const ours = new CircuitBreaker({
      maxFailures: 1,
      resetTimeout: ({ attempt }) => [1_000, 5_000][attempt - 1] ?? 5_000,
    })
    const run = { theirs: vi.fn(down), ours: vi.fn(down) }
    const waits = [1_000, 5_000, 5_000]
    await times(1, () => theirs.execute(run.theirs))
    await times(1, () => ours.run(run.ours))
    for (const [index, wait] of waits.entries()) {
      await vi.advanceTimersByTimeAsync(wait - 1)
      await times(1, () => theirs.execute(run.theirs))
      await times(1, () => ours.run(run.ours))
      await vi.advanceTimersByTimeAsync(1)
      await times(1, () => theirs.execute(run.theirs))
      await times(1, () => ours.run(run.ours))
      expect([run.theirs, run.ours].map(({ mock }) => mock.calls.length)).toEqual([
        index + 2,
        index + 2,
      ])
    }
  })

  it('a DelegateBackoff gets the attempt and the failure, and so does a function here', async () => {
    const asked = vi.fn(() => 1_000)
    const theirs = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: new DelegateBackoff(asked),
    })
    const resetTimeout = vi.fn(() => 1_000)
    const ours = new CircuitBreaker({ maxFailures: 1, resetTimeout })
    await times(1, () => theirs.execute(down))
    await times(1, () => ours.run(down))

    expect(asked).toHaveBeenCalledWith(
      expect.objectContaining({ attempt: 1, result: { error: expect.any(Error) } }),
      undefined,
    )
    expect(resetTimeout).toHaveBeenCalledWith(
      expect.objectContaining({ attempt: 1, cause: expect.any(Error) }),
    )
  })
})

describe('the other policies', () => {
  it('an aggressive timeout is callTimeout, and within the breaker it is a failure in both', async () => {
    const breaker = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: 1_000,
    })
    const theirs = wrap(breaker, timeout(100, TimeoutStrategy.Aggressive))
    const ours = new CircuitBreaker({ maxFailures: 1, callTimeout: 100 })
    const calls = [fail(() => theirs.execute(never)), fail(() => ours.run(never))]
    await vi.advanceTimersByTimeAsync(101)
    const [first, second] = await Promise.all(calls)

    expect(first).toBeInstanceOf(TaskCancelledError)
    expect(second).toBeInstanceOf(CallTimeoutError)
    expect([breaker.state, ours.state]).toEqual([CircuitState.Open, 'open'])
  })

  it('a cooperative timeout waits for the function, and callTimeout does not', async () => {
    const theirs = timeout(100, TimeoutStrategy.Cooperative)
    const ours = new CircuitBreaker({ callTimeout: 100 })
    const deaf = () => new Promise((resolve) => setTimeout(resolve, 500, 'late'))
    const calls = [theirs.execute(deaf), fail(() => ours.run(deaf))]
    await vi.advanceTimersByTimeAsync(500)
    const [first, second] = await Promise.all(calls)

    expect(first).toBe('late')
    expect(second).toBeInstanceOf(CallTimeoutError)
  })

  it('the signal of a timeout is aborted in cockatiel also when the call has succeeded', async () => {
    let given: AbortSignal | undefined
    await timeout(100, TimeoutStrategy.Aggressive).execute(({ signal }) => {
      given = signal
    })
    expect(given?.aborted).toBe(true)
    await new CircuitBreaker({ callTimeout: 100 }).run((signal) => {
      given = signal
    })

    expect(given?.aborted).toBe(false)
  })

  it('a fallback gets no error in cockatiel, and here the error and the arguments', async () => {
    const value = vi.fn((..._args: unknown[]) => 'instead')
    await fallback(handleAll, value).execute(down)
    const own = vi.fn((..._args: unknown[]) => 'instead')
    await new CircuitBreaker({ fallback: own })(async (_id: number) => down())(7)

    expect(value.mock.calls).toEqual([[]])
    expect(own.mock.calls).toEqual([[expect.any(Error), 7]])
  })

  it('a bulkhead may queue in cockatiel, and maxConcurrent rejects', async () => {
    const theirs = bulkhead(1, 1)
    const ours = new CircuitBreaker({ maxConcurrent: 1 })
    theirs.execute(never).catch(() => {})
    const queued = theirs.execute(answer)
    ours.run(never).catch(() => {})

    expect(await fail(() => theirs.execute(answer))).toBeInstanceOf(BulkheadRejectedError)
    expect(await Promise.race([queued, Promise.resolve('queued')])).toBe('queued')
    expect(await fail(() => ours.run(answer))).toBeInstanceOf(CircuitFullError)
  })

  it('retries around a breaker repeat what was rejected unless told not to, of either library', async () => {
    const { theirs, ours } = await bothOpen()
    const first = vi.fn(() => theirs.execute(answer))
    const second = vi.fn(() => ours.run(answer))
    const retries = retry(handleAll, { maxAttempts: 3, backoff: new IterableBackoff([1]) })
    const calls = [fail(() => retries.execute(first)), fail(() => retries.execute(second))]
    await vi.advanceTimersByTimeAsync(10)
    await Promise.all(calls)

    expect(first).toHaveBeenCalledTimes(4)
    expect(second).toHaveBeenCalledTimes(4)
  })

  it('one strategy for two breakers makes them share failures in cockatiel; options may be shared here', async () => {
    const options = { breaker: new ConsecutiveBreaker(2), halfOpenAfter: 1_000 }
    const theirs = [circuitBreaker(handleAll, options), circuitBreaker(handleAll, options)] as const
    const own = { maxFailures: 2 }
    const ours = [new CircuitBreaker(own), new CircuitBreaker(own)] as const
    for (const breaker of theirs) await times(1, () => breaker.execute(down))
    for (const breaker of ours) await times(1, () => breaker.run(down))

    expect([theirs[1].state, ours[1].state]).toEqual([CircuitState.Open, 'closed'])
  })
})
