import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  record,
  turn,
} from '../../test/helpers/public.ts'
import { CallTimeoutError } from '../errors.ts'

describe('callTimeout', () => {
  it.each([
    ['run', false],
    ['a guarded function', true],
  ])('rejects a call by %s that takes longer, and counts a failure', async (_, wrapped) => {
    const { breaker, clock } = createBreaker({ name: 'users', maxFailures: 1, callTimeout: 100 })
    const forever = (): Promise<never> => new Promise(() => {})

    const result = (wrapped ? breaker(forever)() : breaker.run(forever)).catch((e: unknown) => e)
    await clock.advance(100)

    expect(await result).toBeInstanceOf(CallTimeoutError)
    expect(await result).toMatchObject({
      code: 'ERR_CALL_TIMEOUT',
      breaker: 'users',
      timeout: 100,
      message: 'circuit "users": the call took longer than 100 ms',
    })
    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().counts).toMatchObject({ timeout: 1, failure: 1, settled: 1 })
  })

  it('leaves a call alone that ends in time', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const call = hang(breaker)

    await clock.advance(99)
    await call.release('answer')
    await clock.advance(1_000)

    expect(await call.result).toBe('answer')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('lets an answer win that arrives in the turn in which the timer fires', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const call = hang(breaker)
    clock.setTimer(100, () => void call.release('just in time'))

    await clock.advance(100)

    expect(await call.result).toBe('just in time')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('ignores how the action ends after it', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const calls = [hang(breaker), hang(breaker)] as const

    await clock.advance(100)
    await calls[0].fail()
    await calls[1].release('late')
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(await calls[1].result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ settled: 2, failure: 2, success: 0 })
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is the deadline of a probe as well, which then counts as failed', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)

    await clock.advance(100)

    expect(await probe.result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().trips.at(-1)?.reopened).toBe(1)
    expect(breaker.snapshot().counts.expired).toBe(0)
  })

  it('lets the answer of a probe win that arrives in the turn of its deadline', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)

    const advanced = clock.advance(100)
    await probe.release('just in time')
    await advanced

    expect(breaker.state).toBe('closed')
  })

  it('has the fallback run', async () => {
    const fallback = vi.fn((_error: unknown) => 'instead')
    const { breaker, clock } = createBreaker({ callTimeout: 100, fallback })
    const call = hang(breaker)

    await clock.advance(100)

    expect(await call.result).toBe('instead')
    expect(fallback).toHaveBeenCalledWith(expect.any(CallTimeoutError))
  })

  it('is an outcome that classify may overrule', async () => {
    const { breaker, clock } = createBreaker({
      maxFailures: 1,
      callTimeout: 100,
      classify: () => 'neutral',
    })
    const events = record(breaker, 'timeout', 'failure')
    const call = hang(breaker)

    await clock.advance(100)

    expect(await call.result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ neutral: 1, failure: 0, timeout: 1 })
    expect(events.map(([name]) => name)).toEqual(['timeout'])
  })

  it('is a failure of an outer breaker as well', async () => {
    const { breaker: outer } = createBreaker({ maxFailures: 1 })
    const { breaker: inner, clock } = createBreaker({ callTimeout: 100 })
    const call = outer.run(() => hang(inner).result.then((error) => Promise.reject(error)))
    const rejected = call.catch((error: unknown) => error)

    await clock.advance(100)

    expect(await rejected).toBeInstanceOf(CallTimeoutError)
    expect(outer.state).toBe('open')
  })
})

describe('a rejection by an inner breaker', () => {
  it('is cancelled for the outer one, and its own error is what the caller gets', async () => {
    const { breaker: outer } = createBreaker({ maxFailures: 1 })
    const { breaker: inner } = createBreaker({ name: 'inner', maxFailures: 1 })
    await fail(inner)

    const error = await outer.run(() => inner.run(() => 1)).catch((reason: unknown) => reason)

    expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', breaker: 'inner' })
    expect(outer.snapshot()).toMatchObject({ state: 'closed', counts: { cancelled: 1 } })
  })

  it.each<[string, (error: unknown) => unknown, number]>([
    ['the cause of an error', (cause) => new Error('no users', { cause }), 1],
    [
      'the cause of a cause',
      (cause) => new Error('no page', { cause: new Error('no users', { cause }) }),
      1,
    ],
    ['the cause of what is no error', (cause) => ({ message: 'no users', cause }), 1],
    ['what another error only mentions', (error) => Object.assign(new Error('x'), { error }), 0],
    ['further down than any cause', (error) => deep(100, error), 0],
  ])('counts the same as %s', async (_, wrap, cancelled) => {
    const { breaker: outer } = createBreaker({ maxFailures: 1 })
    const { breaker: inner } = createBreaker()
    inner.forceOpen()
    const wrapped = outer(() =>
      inner.run(() => 1).catch((error: unknown) => Promise.reject(wrap(error))),
    )

    await wrapped().catch(() => {})

    expect(outer.snapshot().counts).toMatchObject({ cancelled, failure: 1 - cancelled })
  })

  it('is a failure where an inner call took too long, however it is wrapped', async () => {
    const { breaker: outer, clock } = createBreaker({ maxFailures: 1 })
    const { breaker: inner } = createBreaker({ callTimeout: 100, clock })
    const call = outer.run(() =>
      hang(inner).result.then((cause) => Promise.reject(new Error('no users', { cause }))),
    )
    const reason = reasonOf(call)

    await clock.advance(100)

    expect(await reason).toMatchObject({ message: 'no users' })
    expect(outer.state).toBe('open')
  })

  it('is not sought for ever in causes that form a circle', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const error = new Error('round')
    error.cause = error

    await fail(breaker, error)

    expect(breaker.state).toBe('open')
  })

  it('has the fallback of the outer one run', async () => {
    const { breaker: outer } = createBreaker({ fallback: () => 'instead' })
    const { breaker: inner } = createBreaker()
    inner.trip()

    await expect(outer.run(() => inner.run(() => 1))).resolves.toBe('instead')
  })
})

function deep(levels: number, error: unknown): unknown {
  let cause = error
  for (let i = 0; i < levels; i++) cause = new Error('wrapped', { cause })
  return cause
}
