import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { createBreaker, hang, open, reasonOf, succeed, turn } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'
import { CallTimeoutError, CircuitOpenError } from '../errors.ts'

describe('run', () => {
  it('resolves with the result of the action', async () => {
    const { breaker } = createBreaker()

    await expect(breaker.run(async () => 'later')).resolves.toBe('later')
    await expect(breaker.run(() => 'at once')).resolves.toBe('at once')
    await expect(breaker.run(() => undefined)).resolves.toBeUndefined()
  })

  it.each([[undefined], [{}], [{ timeout: 50 }]])(
    'rejects with what the action throws at once, with %j',
    async (call) => {
      const { breaker } = createBreaker({ maxFailures: 1 })
      const down = new Error('down')

      const result = breaker.run(() => {
        throw down
      }, call)

      expect(await reasonOf(result)).toBe(down)
      expect(breaker.state).toBe('open')
    },
  )

  it('rejects with CircuitOpenError and runs nothing while open', async () => {
    const { breaker } = createBreaker()
    const action = vi.fn()
    await open(breaker)

    for (const call of [undefined, {}, { timeout: 5 }, { signal: new AbortController().signal }]) {
      expect(await reasonOf(breaker.run(action, call))).toBeInstanceOf(CircuitOpenError)
    }
    expect(action).not.toHaveBeenCalled()
  })

  it.each([[undefined], [{}], [{ timeout: 50 }]])(
    'passes a signal to the action, with %j',
    async (call) => {
      const { breaker } = createBreaker()

      const aborted = await breaker.run((signal) => signal.aborted, call)

      expect(aborted).toBe(false)
    },
  )

  it('passes a signal that no other call has to an action that reads it', async () => {
    const { breaker } = createBreaker()

    const first = await breaker.run((signal) => signal)
    const second = await breaker.run((signal) => signal)

    expect(first).not.toBe(second)
  })

  it.each([
    [null, 'options of run must be an object, got null'],
    [{ timeout: 0 }, 'timeout must be milliseconds'],
    [{ timeout: '5' }, 'timeout must be milliseconds'],
    [{ signal: {} }, 'signal must be an AbortSignal, got an object'],
    [{ classify: true }, 'classify must be a function, got true'],
    [{ fallback: 'none' }, 'fallback must be a function, got "none"'],
    [{ timeOut: 5 }, 'unknown option "timeOut" (in options of run); did you mean "timeout"?'],
  ])('rejects the options %j and runs nothing', async (call, message) => {
    const { breaker } = createBreaker()
    const action = vi.fn()

    await expect(async () => breaker.run(action, call as never)).rejects.toThrow(message)
    expect(action).not.toHaveBeenCalled()
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })
})

describe('run with a classifier of its own', () => {
  it.each<[string, () => unknown, object]>([
    ['succeeds', () => 'answer', { success: 1, timeout: 0 }],
    ['fails', () => Promise.reject(new Error('down')), { failure: 1, timeout: 0 }],
  ])('has timed out by its timeout alone, not because its action %s', async (_, action, counts) => {
    const { breaker } = createBreaker()
    const timeouts = vi.fn()
    breaker.on('timeout', timeouts)

    await breaker.run(action, { classify: () => undefined }).catch(() => {})

    expect(timeouts).not.toHaveBeenCalled()
    expect(breaker.snapshot().counts).toMatchObject(counts)
  })
})

describe('run with a fallback', () => {
  it.each<[string, (breaker: CircuitBreaker) => unknown]>([
    ['fails', () => {}],
    ['is rejected', (breaker) => breaker.trip()],
    ['is a probe that fails', (breaker) => [breaker.trip(), breaker.halfOpen()]],
  ])('passes it the error and nothing else where the call %s', async (_, arrange) => {
    const { breaker } = createBreaker()
    const fallback = vi.fn((..._args: unknown[]) => 'instead')
    arrange(breaker)

    const result = await breaker.run(() => Promise.reject(new Error('down')), { fallback })

    expect(result).toBe('instead')
    expect(fallback.mock.calls).toEqual([[expect.any(Error)]])
  })
})

describe('run without a stream', () => {
  it.each([[undefined], [{}], [{ timeout: 50 }]])('reports nothing: %j', async (call) => {
    const { breaker } = createBreaker()
    const reports: unknown[] = []
    breaker.on('listenerError', ({ error }) => reports.push(error))

    await breaker.run(() => 'answer', call)

    expect(reports).toEqual([])
  })
})

describe('run with a signal', () => {
  it('arms no timer without a timeout', () => {
    const { breaker, clock } = createBreaker()

    void breaker.run(() => new Promise(() => {}), { signal: new AbortController().signal })

    expect(clock.timers).toBe(0)
  })

  it('rejects at once with the reason and aborts the signal of the action with it', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const caller = new AbortController()
    let own: AbortSignal | undefined
    const result = breaker.run(
      (signal) => {
        own = signal
        return new Promise(() => {})
      },
      { signal: caller.signal },
    )

    caller.abort('stop')

    expect(await reasonOf(result)).toBe('stop')
    expect(own).toMatchObject({ aborted: true, reason: 'stop' })
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1, failure: 0 } })
  })

  it('runs nothing and asks for no permit when it is aborted already', async () => {
    const { breaker } = createBreaker({ fallback: () => 'instead' })
    const action = vi.fn()
    const reason = new Error('gone')

    const result = breaker.run(action, { signal: AbortSignal.abort(reason) })

    expect(await reasonOf(result)).toBe(reason)
    expect(action).not.toHaveBeenCalled()
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0 })
  })

  it('is not overruled by a fallback when the caller aborts', async () => {
    const fallback = vi.fn(() => 'instead')
    const { breaker } = createBreaker({ fallback })
    const caller = new AbortController()
    const call = breaker.run(() => new Promise(() => {}), { signal: caller.signal })

    caller.abort()

    expect(await reasonOf(call)).toMatchObject({ name: 'AbortError' })
    expect(fallback).not.toHaveBeenCalled()
  })

  it('ends the call when the action itself aborts the caller', async () => {
    const { breaker } = createBreaker()
    const caller = new AbortController()

    const result = breaker.run(
      () => {
        caller.abort('from inside')
        return 'ignored'
      },
      { signal: caller.signal },
    )

    expect(await reasonOf(result)).toBe('from inside')
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('takes no notice of an abort after the end', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const caller = new AbortController()

    const result = await breaker.run(() => 'answer', { signal: caller.signal })
    caller.abort()

    expect(result).toBe('answer')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, cancelled: 0 })
  })

  it('leaves no listener behind on the signal', async () => {
    const { breaker } = createBreaker()
    const caller = new AbortController()

    await breaker.run(() => 'answer', { signal: caller.signal })
    await reasonOf(breaker.run(() => Promise.reject(new Error('down')), { signal: caller.signal }))
    await reasonOf(
      breaker.run(() => new Promise(() => {}), { signal: AbortSignal.abort(), timeout: 5 }),
    )

    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
  })

  it('frees the slot of an aborted probe', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(1_000)
    const caller = new AbortController()
    const probe = hang(breaker, { signal: caller.signal })

    caller.abort('stop')
    await probe.result

    expect(breaker.state).toBe('half-open')
    await succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('ignores how the action ends after the abort', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const caller = new AbortController()
    const call = hang(breaker, { signal: caller.signal })

    caller.abort('stop')
    await call.fail()
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, cancelled: 1, failure: 0 })
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('run with a timeout', () => {
  it('goes by it instead of callTimeout, for this call only', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 10 })
    const call = hang(breaker, { timeout: 100 })

    await clock.advance(99)
    const { inFlight } = breaker.snapshot()
    await clock.advance(1)

    expect(inFlight).toBe(1)
    expect(await call.result).toMatchObject({ name: 'CallTimeoutError', timeout: 100 })
  })

  it('aborts the signal of the action with the error that the caller gets', async () => {
    const { breaker, clock } = createBreaker()
    let own: AbortSignal | undefined
    const result = breaker.run(
      (signal) => {
        own = signal
        return new Promise(() => {})
      },
      { timeout: 100 },
    )

    const failed = reasonOf(result)
    await clock.advance(100)

    expect(await failed).toBeInstanceOf(CallTimeoutError)
    expect(own?.reason).toBe(await failed)
  })

  it('beats an abort by the caller that comes later', async () => {
    const { breaker, clock } = createBreaker()
    const caller = new AbortController()
    const call = hang(breaker, { timeout: 100, signal: caller.signal })

    await clock.advance(100)
    caller.abort('too late')

    expect(await call.result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, timeout: 1, cancelled: 0 })
  })
})

describe('wrong arguments of breaker.run', () => {
  it.each([
    ['no action', [], 'action must be a function, got undefined'],
    ['a string', ['find'], 'action must be a function, got "find"'],
    ['null as options', [() => 1, null], 'options of run must be an object, got null'],
    ['an unknown option', [() => 1, { timeOut: 5 }], 'did you mean "timeout"?'],
    ['a timeout of 0', [() => 1, { timeout: 0 }], 'timeout must be milliseconds'],
    ['a signal that is none', [() => 1, { signal: {} }], 'signal must be an AbortSignal'],
    ['a fallback that is none', [() => 1, { fallback: 1 }], 'fallback must be a function'],
  ])('make it reject: %s', async (_, args, message) => {
    const { breaker } = createBreaker()
    const run = breaker.run.bind(breaker) as (...args: unknown[]) => Promise<unknown>

    const promise = run(...args)

    expect(String(await reasonOf(promise))).toContain(message)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })
})

describe('the signal of an action that takes the rest of its arguments', () => {
  it('is not used for more than a thousand calls, so that what is derived from it is released', async () => {
    const { breaker } = createBreaker()
    const uses = new Map<unknown, number>()

    for (let i = 0; i < 3_000; i++) {
      await breaker.run((...[signal]) => uses.set(signal, (uses.get(signal) ?? 0) + 1))
    }

    expect(Math.max(...uses.values())).toBe(1_000)
  })
})
