import { afterEach, describe, expect, it } from 'vitest'
import { CallTimeoutError, CircuitBreaker } from '../../src/index.ts'
import { fail, hang } from '../helpers/public.ts'
import { TOOLS } from './fake-timers.ts'

const CALL_TIMEOUT = 20

const realTimeout = globalThis.setTimeout

/** What a call has come to, or `nothing` if it has not within 2 s of real time. */
function ending(result: Promise<unknown>): Promise<unknown> {
  return Promise.race([
    result,
    new Promise((resolve) => realTimeout(() => resolve('nothing'), 2_000)),
  ])
}

function createBreaker(): CircuitBreaker {
  return new CircuitBreaker({ maxFailures: 100, callTimeout: CALL_TIMEOUT })
}

const timedOut: unknown = expect.any(CallTimeoutError)

describe.each(TOOLS)('fake timers of %s', (tool, timers) => {
  /** Its replacements are the same functions each time, and never that of `performance`. */
  const isNode = tool === 'node:test'

  afterEach(() => timers.uninstall())

  it('end a call after its timeout, to the millisecond', async () => {
    timers.install()
    const breaker = createBreaker()
    const call = hang(breaker)

    timers.advance(CALL_TIMEOUT - 1)
    await turn()
    const before = breaker.snapshot().counts.timeout
    timers.advance(1)

    expect(await ending(call.result)).toEqual(timedOut)
    expect(before).toBe(0)
  })

  it('end calls that began at different times, each at its own', async () => {
    timers.install()
    const breaker = createBreaker()
    const first = hang(breaker)
    timers.advance(10)
    const second = hang(breaker)

    timers.advance(10)
    const early = await ending(first.result)
    const { timeout } = breaker.snapshot().counts
    timers.advance(10)

    expect([early, timeout]).toEqual([timedOut, 1])
    expect(await ending(second.result)).toEqual(timedOut)
  })

  it.each(['before', 'after'])('may be put in %s the breaker is created', async (when) => {
    let breaker = createBreaker()
    timers.install()
    if (when === 'after') breaker = createBreaker()
    const call = hang(breaker)

    timers.advance(CALL_TIMEOUT)

    expect(await ending(call.result)).toEqual(timedOut)
  })

  it('leave the timeouts of later calls in force when they are taken out', async () => {
    const breaker = createBreaker()
    timers.install()
    const answered = hang(breaker)
    await answered.release('answer')
    timers.uninstall()

    expect(await ending(hang(breaker).result)).toEqual(timedOut)
  })

  it('do so also while a call of theirs is in flight for ever', async () => {
    const breaker = createBreaker()
    timers.install()
    const abandoned = hang(breaker)
    timers.uninstall()

    expect(await ending(hang(breaker).result)).toEqual(timedOut)
    expect(await ending(hang(breaker).result)).toEqual(timedOut)
    await abandoned.release()
    expect(await ending(hang(breaker).result)).toEqual(timedOut)
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('do so also when they are taken out between the timer and the verdict', async () => {
    const breaker = createBreaker()
    timers.install()
    const due = hang(breaker)
    timers.advance(CALL_TIMEOUT)
    timers.uninstall()

    expect(await ending(due.result)).toEqual(timedOut)
    expect(await ending(hang(breaker).result)).toEqual(timedOut)
  })

  it('may be put in and taken out while real calls are in flight', async () => {
    const breaker = createBreaker()
    const real = hang(breaker)
    timers.install()
    const fake = hang(breaker)
    timers.advance(CALL_TIMEOUT)
    const ofFake = await ending(fake.result)
    const abandoned = hang(breaker)
    const ofReal = await ending(real.result)
    timers.uninstall()

    expect([ofFake, ofReal]).toEqual([timedOut, timedOut])
    expect(await ending(hang(breaker).result)).toEqual(timedOut)
    await abandoned.release()
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('may be put in again and again', async () => {
    const breaker = createBreaker()
    for (let i = 0; i < 3; i++) {
      timers.install()
      const [answered, left] = [hang(breaker), hang(breaker)]
      const call = hang(breaker)
      await answered.release()
      timers.advance(CALL_TIMEOUT)

      expect(await ending(call.result)).toEqual(timedOut)
      await left.result
      hang(breaker)
      timers.uninstall()
    }

    expect(await ending(hang(breaker).result)).toEqual(timedOut)
  })

  it('tell who waits for a circuit when a call would pass', async () => {
    timers.install()
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 20 })
    breaker.trip()
    const ready = breaker.whenReady().then(() => breaker.state)

    timers.advance(20)

    expect(await ending(ready)).toBe('half-open')
  })

  it.each(['are taken out', 'forget it'])(
    'leave no waiter behind because of one whose timer was lost when they %s',
    async (how) => {
      const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 20 })
      timers.install()
      breaker.trip()
      const abandoned = breaker.whenReady()
      if (how === 'forget it') timers.clear()
      else timers.uninstall()
      const ready = breaker.whenReady().then(() => breaker.state)
      if (how === 'forget it') timers.advance(20)

      expect(await ending(ready)).toBe('half-open')
      await abandoned
    },
  )

  it('may forget what is pending', async () => {
    const breaker = createBreaker()
    timers.install()
    hang(breaker)
    timers.clear()
    const call = hang(breaker)

    timers.advance(CALL_TIMEOUT)

    expect(await ending(call.result)).toEqual(timedOut)
  })

  it('leave no real timer behind when they come while a call is in flight', async () => {
    const breaker = createBreaker()
    const atRest = pendingTimers()
    const call = hang(breaker)
    timers.install()
    await call.release()
    await turn()
    timers.uninstall()
    await turn()

    // Those of others may end meanwhile.
    expect(pendingTimers()).toBeLessThanOrEqual(atRest)
  })

  it('move a breaker that was created before on to half-open', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 30_000 })
    await fail(breaker)
    timers.install()
    const seen = [breaker.state]
    timers.advance(30_000)
    seen.push(breaker.state)

    expect(seen).toEqual(['open', 'half-open'])
  })

  it.skipIf(isNode)(
    'move a breaker on that was created before and is not read in between',
    async () => {
      const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 30_000 })
      await fail(breaker)
      timers.install()
      timers.advance(30_001)

      expect(breaker.state).toBe('half-open')
    },
  )

  it.each([
    [29_999, 'open'],
    [30_000, 'half-open'],
  ])('make a breaker that opened under them %d ms later %s', async (ms, state) => {
    timers.install()
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 30_000 })
    await fail(breaker)
    timers.advance(ms)

    expect(breaker.state).toBe(state)
  })

  it('let no time pass by being put in or taken out', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 1_000_000 })
    await fail(breaker)
    const seen = []
    for (let i = 0; i < 3; i++) {
      timers.install()
      seen.push(breaker.state)
      timers.uninstall()
      seen.push(breaker.state)
    }

    expect(new Set(seen)).toEqual(new Set(['open']))
  })

  it.each([
    { only: ['Date'] },
    ...(isNode ? [] : ([{ only: ['performance'] }, { only: ['Date', 'performance'] }] as const)),
    { only: ['setImmediate', 'clearImmediate'] },
    { only: ['Date', 'setImmediate', 'clearImmediate'] },
  ] as const)('that replace no more than $only let calls time out', async ({ only }) => {
    timers.install(only)
    const breaker = createBreaker()
    const answered = hang(breaker)
    await answered.release()
    const [first, second] = [hang(breaker), hang(breaker)]

    expect(await ending(first.result)).toEqual(timedOut)
    expect(await ending(second.result)).toEqual(timedOut)
    timers.uninstall()
    expect(await ending(hang(breaker).result)).toEqual(timedOut)
  })

  it.each([
    { only: ['setTimeout', 'clearTimeout'] },
    { only: ['setTimeout', 'clearTimeout', 'performance'] },
    { only: ['setTimeout', 'clearTimeout', 'Date'] },
    { only: ['setTimeout'] },
  ] as const)('that replace $only end calls by them', async ({ only }) => {
    timers.install(only)
    const breaker = createBreaker()
    const first = hang(breaker)
    timers.advance(10)
    const second = hang(breaker)
    timers.advance(10)
    const early = await ending(first.result)
    const { timeout } = breaker.snapshot().counts
    timers.advance(10)

    expect([early, timeout]).toEqual([timedOut, 1])
    expect(await ending(second.result)).toEqual(timedOut)
    hang(breaker)
    timers.uninstall()
    expect(await ending(hang(breaker).result)).toEqual(timedOut)
  })
})

function pendingTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

const realImmediate = globalThis.setImmediate

/** A real turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => realImmediate(() => realImmediate(resolve)))
}
