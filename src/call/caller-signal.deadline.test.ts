import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf, record } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

/** As `AbortSignal.timeout` aborts: its own timer is real, and a test waits for none. */
const missed = new DOMException('The operation was aborted due to timeout', 'TimeoutError')

interface Caller {
  readonly signal: AbortSignal
  readonly abort: (reason?: unknown) => void
}

function caller(): Caller {
  const controller = new AbortController()
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
}

/** Fails when its signal is aborted. */
function listening(signal: AbortSignal): Promise<string> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

type Call = (breaker: CircuitBreaker<unknown>, signal: AbortSignal) => Promise<unknown>

const calls: [string, Call][] = [
  ['breaker.run', (breaker, signal) => breaker.run(listening, { signal })],
  ['a run whose action does not listen', (breaker, signal) => breaker.run(hang, { signal })],
  ['a wrapped function', (breaker, signal) => breaker(listening)(signal)],
  [
    'a wrapped function with { signal }',
    (breaker, signal) =>
      breaker((init: { signal: AbortSignal }) => listening(init.signal))({ signal }),
  ],
]

describe.each(calls)('a deadline of the caller’s own, for %s,', (_, call) => {
  it('counts as a failure when it is missed', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    const failures = record(breaker, 'failure', 'timeout')

    const reason = reasonOf(call(breaker, signal))
    abort(missed)

    expect(await reason).toBe(missed)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { failure: 1 } })
    expect(failures).toMatchObject([['failure', { error: missed }]])
  })

  it('counts as one among the reasons of a signal that has several', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const [deadline, shutdown] = [caller(), caller()]

    const reason = reasonOf(call(breaker, AbortSignal.any([shutdown.signal, deadline.signal])))
    deadline.abort(missed)

    expect(await reason).toBe(missed)
    expect(breaker.state).toBe('open')
  })

  it('lets the fallback run', async () => {
    const { breaker } = createBreaker<unknown>({ fallback: (error: unknown) => ['kept', error] })
    const { signal, abort } = caller()

    const result = call(breaker, signal)
    abort(missed)

    expect(await result).toEqual(['kept', missed])
  })

  it.each([
    ['without a reason', undefined, expect.objectContaining({ name: 'AbortError' })],
    ['with a reason', 'stop', 'stop'],
    ['with an error', Object.assign(new Error('x'), { code: 'TimeoutError' }), expect.any(Error)],
  ])('is none where the caller aborts %s: that is cancelled', async (_, given, expected) => {
    const { breaker } = createBreaker<unknown>({ maxFailures: 1, fallback: () => 'kept' })
    const { signal, abort } = caller()

    const reason = reasonOf(call(breaker, signal))
    abort(given)

    expect(await reason).toEqual(expected)
    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { cancelled: 1, failure: 0 },
    })
  })
})

describe('a deadline of the caller’s own, for a permit,', () => {
  it('counts as a failure when it is missed, whatever comes later', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    const failures = record(breaker, 'failure')
    const permit = breaker.acquire({ signal })

    abort(missed)
    permit.success()

    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { failure: 1 } })
    expect(failures).toMatchObject([['failure', { error: missed }]])
  })

  it('is classified as any other failure', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    breaker.acquire({ signal, classify: () => 'neutral' })

    abort(missed)

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { neutral: 1 } })
  })

  it.each([undefined, 'stop'])('is none where the caller aborts with %s', (reason) => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal, abort } = caller()
    const permit = breaker.acquire({ signal })

    abort(reason)
    permit.failure()

    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { cancelled: 1, failure: 0 },
    })
  })
})

describe('AbortSignal.timeout', () => {
  it('is such a deadline', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    const reason = await reasonOf(breaker.run(hang, { signal: AbortSignal.timeout(1) }))

    expect(reason).toMatchObject({ name: 'TimeoutError' })
    expect(breaker.state).toBe('open')
  })

  it('says nothing about a target that was never asked', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const signal = AbortSignal.abort(missed)

    expect(await reasonOf(breaker.run(hang, { signal }))).toBe(missed)
    expect(breaker.tryAcquire({ signal })).toBeUndefined()
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0, failure: 0 })
  })
})

function hang(): Promise<never> {
  return new Promise(() => {})
}
