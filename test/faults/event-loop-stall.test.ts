import { statSync } from 'node:fs'
import { Agent, fetch } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CallTimeoutError, CircuitBreaker, CircuitOpenError } from '../../src/index.ts'
import { canStart, UpstreamProcess } from './upstream-process.ts'

// The server answers in 100 ms and a call may take 250 ms, but this process is busy for longer
// than that: when it is free again, the timers are due and the answers wait in the sockets.

const CALLS = 50
const CALL_TIMEOUT = 250

let upstream: UpstreamProcess
let agent: Agent

describe.runIf(canStart)('a stalled event loop', () => {
  beforeEach(async () => {
    upstream = await UpstreamProcess.start()
    agent = new Agent({ keepAliveTimeout: 60_000 })
    // The connections are there before the clock runs.
    await Promise.all(all(() => get('/slow?ms=50')))
  })

  afterEach(async () => {
    await agent.destroy()
    await upstream.end()
  })

  describe.each([300, 600])('of %i ms', (stall) => {
    it('fails every call of a race with setTimeout', async () => {
      const results = outcomes(all(() => Promise.race([get(), timer()])))
      await stalled(stall)

      expect(await results).toEqual({ hello: 0, timeout: CALLS, rejected: 0 })
    })

    it.each<[string, (breaker: CircuitBreaker) => () => Promise<unknown>]>([
      ['breaker.run', (breaker) => () => breaker.run((signal) => get('/slow?ms=100', signal))],
      ['a wrapped function', (breaker) => breaker(() => get())],
      ['a permit', (breaker) => () => withPermit(breaker)],
    ])('fails no call by %s', async (_, guard) => {
      const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: CALL_TIMEOUT })
      const results = outcomes(all(guard(breaker)))
      await stalled(stall)

      expect(await results).toEqual({ hello: CALLS, timeout: 0, rejected: 0 })
      expect(breaker.snapshot()).toMatchObject({
        state: 'closed',
        counts: { admitted: CALLS, success: CALLS, timeout: 0, stale: 0 },
      })
    })

    it.each([
      ['a timer', (block: () => void) => setTimeout(block, 0)],
      ['an immediate', (block: () => void) => setImmediate(block)],
    ])('fails no call when it is %s that takes so long', async (_, later) => {
      const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: CALL_TIMEOUT })
      const results = outcomes(all(() => breaker.run((signal) => get('/slow?ms=100', signal))))
      await upstream.receives(2 * CALLS)
      later(() => block(stall))

      expect(await results).toEqual({ hello: CALLS, timeout: 0, rejected: 0 })
    })

    it('does not save a call that has no answer', async () => {
      const breaker = new CircuitBreaker({ maxFailures: CALLS, callTimeout: CALL_TIMEOUT })
      const results = outcomes(all(() => breaker.run((signal) => get('/never', signal))))
      await upstream.receives(2 * CALLS)
      block(stall, CALLS)
      const free = performance.now()

      expect(await results).toEqual({ hello: 0, timeout: CALLS, rejected: 0 })
      expect(performance.now() - free).toBeLessThan(CALL_TIMEOUT)
      expect(breaker.state).toBe('open')
    })
  })

  it('of 1200 ms is not taken for calls that hang, even when many come right after it', async () => {
    const breaker = new CircuitBreaker()
    const moves: string[] = []
    breaker.on('transition', ({ reason }) => moves.push(reason))
    for (let i = 0; i < 400; i++) await breaker.run(() => 'hello')
    const results = outcomes(all(() => breaker.run((signal) => get('/slow?ms=100', signal))))
    await stalled(1200)
    const others = outcomes(all(() => breaker.run(() => 'hello')))

    expect(await results).toEqual({ hello: CALLS, timeout: 0, rejected: 0 })
    expect(await others).toEqual({ hello: CALLS, timeout: 0, rejected: 0 })
    expect(moves).toEqual([])
  })

  describe.each([300, 600])('of %i ms, while half-open,', (stall) => {
    it('fails no probe, though other calls come before the answers are read', async () => {
      const { breaker, moves } = await halfOpen({ probes: CALLS })
      const probes = outcomes(all(() => breaker.run((signal) => get('/slow?ms=100', signal))))
      await stalled(stall)
      const others = outcomes([
        breaker.run(() => 'hello'),
        breaker.run(() => 'hello', { timeout: 1 }),
      ])

      expect(await probes).toEqual({ hello: CALLS, timeout: 0, rejected: 0 })
      expect(await others).toEqual({ hello: 0, timeout: 0, rejected: 2 })
      expect(moves).toEqual(['manual', 'elapsed', 'recovered'])
      expect(breaker.snapshot().counts).toMatchObject({ success: CALLS, expired: 0, stale: 0 })
    })

    it('fails no stream that is a probe, and closes by them', async () => {
      const { breaker, moves } = await halfOpen({ probes: CALLS })
      const probes = outcomes(all(() => textOf(breaker.stream(answers)())))
      await stalled(stall)
      const others = outcomes([breaker.run(() => 'hello'), breaker.stream(answers)().next()])

      expect(await probes).toEqual({ hello: CALLS, timeout: 0, rejected: 0 })
      expect(await others).toEqual({ hello: 0, timeout: 0, rejected: 2 })
      expect(moves).toEqual(['manual', 'elapsed', 'recovered'])
      expect(breaker.snapshot()).toMatchObject({
        state: 'closed',
        inFlight: 0,
        counts: { failure: 0, timeout: 0, rejected: { 'half-open': 2 } },
      })
    })

    it('still admits no more probes than the limit before the answers are read', async () => {
      const { breaker, moves } = await halfOpen({ probes: CALLS, concurrent: 2 })
      const probe = () => breaker.run((signal) => get('/slow?ms=100', signal))
      const probes = outcomes([probe(), probe()])
      await upstream.receives(CALLS + 2)
      block(stall, CALLS + 2)
      const others = outcomes(all(() => breaker.run(() => 'hello')))
      const seen = breaker.snapshot()

      expect(seen).toMatchObject({ state: 'half-open', probes: { inFlight: 2, limit: 2 } })
      expect(await probes).toEqual({ hello: 2, timeout: 0, rejected: 0 })
      expect(await others).toEqual({ hello: 0, timeout: 0, rejected: CALLS })
      expect(moves).toEqual(['manual', 'elapsed'])
    })
  })
})

/** Blocks the event loop, from an I/O callback on, until the answers have arrived. */
async function stalled(ms: number): Promise<void> {
  await upstream.receives(2 * CALLS)
  block(ms)
}

function block(ms: number, answers = 2 * CALLS): void {
  const start = performance.now()
  for (let spent = 0; spent < ms || answered() < answers; spent = performance.now() - start) {
    if (spent > 5_000) throw new Error('no answers in 5 s')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
}

function answered(): number {
  return statSync(upstream.answers).size
}

function all<T>(call: () => T): T[] {
  return Array.from({ length: CALLS }, call)
}

async function get(path = '/slow?ms=100', signal: AbortSignal | null = null): Promise<string> {
  const response = await fetch(upstream.url + path, { signal, dispatcher: agent })
  return response.text()
}

async function* answers(): AsyncGenerator<string> {
  yield await get()
}

/** Reads to the end. */
async function textOf(stream: AsyncIterable<string>): Promise<string> {
  const items = []
  for await (const item of stream) items.push(item)
  return items.join()
}

/** What everybody writes. */
function timer(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('timeout')), CALL_TIMEOUT)
  })
}

async function withPermit(breaker: CircuitBreaker): Promise<string> {
  const permit = breaker.acquire()
  const answer = await get()
  permit.success(answer)
  return answer
}

async function halfOpen(recovery: { probes: number; concurrent?: number }): Promise<{
  breaker: CircuitBreaker
  /** Why it has moved, in order. */
  moves: string[]
}> {
  const breaker = new CircuitBreaker({ resetTimeout: 1, callTimeout: CALL_TIMEOUT, recovery })
  const moves: string[] = []
  breaker.on('transition', ({ reason }) => moves.push(reason))
  breaker.trip()
  await expect.poll(() => breaker.state, { interval: 1 }).toBe('half-open')
  return { breaker, moves }
}

async function outcomes(
  calls: Promise<unknown>[],
): Promise<{ hello: number; timeout: number; rejected: number }> {
  const seen = { hello: 0, timeout: 0, rejected: 0 }
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'fulfilled') seen.hello += 1
    else if (result.reason instanceof CircuitOpenError) seen.rejected += 1
    else if (result.reason instanceof CallTimeoutError) seen.timeout += 1
    else if (result.reason instanceof Error && result.reason.message === 'timeout') {
      seen.timeout += 1
    } else throw result.reason
  }
  return seen
}
