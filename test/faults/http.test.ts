import { Agent, fetch, type Response } from 'undici'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CallTimeoutError,
  CircuitBreaker,
  CircuitOpenError,
  type Settled,
  type Snapshot,
} from '../../src/index.ts'
import { canStart, UpstreamProcess } from './upstream-process.ts'

let upstream: UpstreamProcess
let agent: Agent
/** How many times an action really ran. */
let ran: number
/** Sockets that the test runner holds itself. */
let others: number

// Bounds for what a real process does at its own pace; nothing waits that long.
const SOON = { timeout: 5_000, interval: 5 }

describe.runIf(canStart)('a breaker before a real HTTP server', () => {
  beforeEach(async () => {
    upstream = await UpstreamProcess.start()
    agent = new Agent()
    ran = 0
    others = sockets()
  })

  afterEach(async () => {
    try {
      await agent.destroy()
      await vi.waitFor(() => expect(sockets()).toBe(others), SOON)
    } finally {
      await upstream.end()
    }
  })

  describe.each<[string, (breaker: CircuitBreaker) => Call]>([
    ['breaker.run', (breaker) => (path, callers) => run(breaker, path, callers)],
    ['a wrapped function', (breaker) => wrap(breaker)],
  ])('calls by %s', (_, guard) => {
    it('are refused once it is killed, and pass again once it is back on its port', async () => {
      const breaker = new CircuitBreaker({ maxFailures: 3, resetTimeout: 300 })
      const call = guard(breaker)
      await call('/')
      await upstream.kill()

      const errors = await inTurn(4, () => call('/'))
      expect(codeOf(errors[2])).toBe('ECONNREFUSED')
      expect(errors[3]).toBeInstanceOf(CircuitOpenError)
      expect(errors[3]).toHaveProperty('cause', errors[2])
      expect(ran).toBe(4)

      await upstream.restart()
      await vi.waitFor(() => expect(breaker.state).toBe('half-open'), SOON)
      expect(await call('/')).toBe('hello')
      expect(breaker.state).toBe('closed')
      expectConserved(breaker, { admitted: 5, success: 2, failure: 3 })
    })

    it('time out while it is frozen, then are refused, and pass once it thaws', async () => {
      const callTimeout = 100
      const breaker = new CircuitBreaker({ maxFailures: 3, resetTimeout: 200, callTimeout })
      const call = guard(breaker)
      await call('/')
      upstream.freeze()

      const started = performance.now()
      const errors = await Promise.all([1, 2, 3].map(() => failureOf(call('/'))))
      const waited = performance.now() - started
      const rejection = await failureOf(call('/'))
      expect(errors).toEqual([1, 2, 3].map(() => expect.any(CallTimeoutError)))
      expect(waited).toBeGreaterThanOrEqual(callTimeout)
      expect(waited).toBeLessThan(callTimeout + 500)
      expect(rejection).toBeInstanceOf(CircuitOpenError)
      expect(ran).toBe(4)

      upstream.thaw()
      await vi.waitFor(() => expect(breaker.state).toBe('half-open'), SOON)
      expect(await call('/')).toBe('hello')
      expect(breaker.state).toBe('closed')
      expectConserved(breaker, { admitted: 5, success: 2, failure: 3, timeout: 3 })
    })

    it('fail when the connection is reset in the middle of the body', async () => {
      const breaker = new CircuitBreaker({ maxFailures: 3, resetTimeout: 50 })
      const call = guard(breaker)

      const errors = await inTurn(4, () => call('/broken'))
      expect(errors.map(codeOf)).toEqual([...Array(3).fill('ECONNRESET'), 'ERR_CIRCUIT_OPEN'])

      await vi.waitFor(() => expect(breaker.state).toBe('half-open'), SOON)
      expect(await call('/')).toBe('hello')
      expectConserved(breaker, { admitted: 4, success: 1, failure: 3 })
    })

    it('leave no trace in the evidence when their callers abort them', async () => {
      const breaker = new CircuitBreaker({ maxFailures: 1 })
      const call = guard(breaker)
      const controllers = Array.from({ length: 20 }, () => new AbortController())
      const errors = controllers.map(({ signal }) => failureOf(call('/never', signal)))
      await upstream.receives(20)

      const gone = new Error('the user has closed the tab')
      for (const controller of controllers) controller.abort(gone)

      for (const error of await Promise.all(errors)) expect(error).toBe(gone)
      await vi.waitFor(() => expect(upstream.aborted).toBe(20), SOON)
      expect(breaker.state).toBe('closed')
      expect(await call('/')).toBe('hello')
      expectConserved(breaker, { admitted: 21, cancelled: 20, success: 1, failure: 0 })
    })
  })

  it('hangs up on a request whose headers come too late', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 50, callTimeout: 60 })

    const errors = await inTurn(3, () => run(breaker, '/slow?ms=2000'))

    expect(errors[0]).toBeInstanceOf(CallTimeoutError)
    expect(errors[1]).toBeInstanceOf(CallTimeoutError)
    expect(errors[2]).toBeInstanceOf(CircuitOpenError)
    await vi.waitFor(() => expect(upstream.aborted).toBe(2), SOON)
    expect(upstream.requests).toBe(2)
    expectConserved(breaker, { admitted: 2, failure: 2, timeout: 2 })
  })

  it('lets headers take their time within the call timeout', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: 5_000 })

    expect(await run(breaker, '/slow?ms=100')).toBe('hello')
    expectConserved(breaker, { admitted: 1, success: 1, timeout: 0 })
  })

  it('stays away for as long as a 503 asks for', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 50, classify, retryAfter })
    const ask = breaker(async () => {
      const response = await request('/busy?times=2')
      await response.body?.cancel()
      return response
    })
    const first = await ask()
    const before = performance.now()
    const second = await ask()
    expect([first.status, second.status]).toEqual([503, 503])

    const rejection = await failureOf(ask())
    expect(rejection).toBeInstanceOf(CircuitOpenError)
    const { retryAfter: left } = rejection as CircuitOpenError
    // Rounded up, and a millisecond for timers that fire early.
    expect(left).toBeLessThanOrEqual(1001)
    expect(left).toBeGreaterThanOrEqual(1000 - lapse(before))

    const third = await vi.waitFor(ask, SOON)
    expect(third.status).toBe(200)
    expect(lapse(before)).toBeGreaterThanOrEqual(1000)
    expect(upstream.requests).toBe(3)
    expectConserved(breaker, { admitted: 3, success: 1, failure: 2 })
  })

  it('gives up a probe that hangs, and ignores its answer when that comes at last', async () => {
    const breaker = new CircuitBreaker({ resetTimeout: 50, recovery: { timeout: 100 } })
    upstream.freeze()
    breaker.trip()
    await vi.waitFor(() => expect(breaker.state).toBe('half-open'), SOON)

    const late = failureOf(breaker.run((signal) => get('/', signal)))
    expect(await failureOf(breaker.run(() => get('/')))).toBeInstanceOf(CircuitOpenError)
    expect(await late).toBeInstanceOf(CallTimeoutError)
    expect(breaker.state).toBe('open')
    expectConserved(breaker, { admitted: 1, expired: 1, settled: 0 })

    upstream.thaw()
    await vi.waitFor(() => expect(breaker.state).toBe('half-open'), SOON)
    expect(await breaker.run(() => get('/'))).toBe('hello')
    expect(breaker.state).toBe('closed')
    expectConserved(breaker, { admitted: 2, expired: 1, success: 1 })
  })

  it('loses count of no call while the server is frozen, killed and restarted', async () => {
    const breaker = new CircuitBreaker({
      maxFailures: 3,
      resetTimeout: 50,
      callTimeout: 80,
      // Longer than a call may take, so that its own timer decides and no probe expires.
      recovery: { probes: 2, concurrent: 2, timeout: 10_000 },
    })
    const traffic = new Traffic(breaker)

    for (let round = 0; round < 3; round++) {
      upstream.freeze()
      await traffic.until((states) => states.includes('open'))
      upstream.thaw()
      await traffic.until((states) => states.at(-1) === 'closed')
      await upstream.kill()
      await traffic.until((states) => states.includes('open'))
      await upstream.restart()
      await traffic.until((states) => states.at(-1) === 'closed')
    }
    await traffic.end()

    const { counts } = breaker.snapshot()
    expect(traffic.mostProbes).toBeGreaterThan(0)
    expect(traffic.mostProbes).toBeLessThanOrEqual(2)
    expect(counts.rejected.open + counts.rejected['half-open']).toBe(traffic.rejected)
    expect(counts.timeout).toBeGreaterThan(0)
    expectConserved(breaker, { admitted: ran, expired: 0 })
  }, 20_000)
})

/** Callers of all kinds, one every few milliseconds, whatever they get. */
class Traffic {
  rejected = 0
  mostProbes = 0
  readonly #breaker: CircuitBreaker
  readonly #wrapped: Call
  readonly #pending = new Set<Promise<unknown>>()
  /** Calls that run, as their callers see it. */
  #running = 0
  #started = 0

  constructor(breaker: CircuitBreaker) {
    this.#breaker = breaker
    this.#wrapped = wrap(breaker)
  }

  /** Goes on until the states seen on the way, the last one last, satisfy the condition. */
  async until(satisfied: (states: readonly string[]) => boolean): Promise<void> {
    const states: string[] = []
    const end = performance.now() + SOON.timeout
    while (!satisfied(states)) {
      if (performance.now() > end) throw new Error(`only ${[...new Set(states)]} in 5 s`)
      this.#call()
      await pause()
      const { probes, inFlight, counts } = this.#breaker.snapshot()
      this.mostProbes = Math.max(this.mostProbes, probes?.inFlight ?? 0)
      expect(inFlight).toBe(this.#running)
      expect(counts.admitted).toBe(ran)
      states.push(this.#breaker.state)
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#pending)
  }

  #call(): void {
    const ranBefore = ran
    const call = this.#variety()
    const admitted = ran > ranBefore
    if (admitted) this.#running += 1
    const done = failureOf(call).then((error) => {
      if (admitted) this.#running -= 1
      else expect(error).toBeInstanceOf(CircuitOpenError)
      if (error instanceof CircuitOpenError) this.rejected += 1
      this.#pending.delete(done)
    })
    this.#pending.add(done)
  }

  #variety(): Promise<unknown> {
    this.#started += 1
    const { signal } = new AbortController()
    if (this.#started % 3 === 0) return this.#wrapped('/slow?ms=5', signal)
    if (this.#started % 8 === 0) return run(this.#breaker, '/slow?ms=40', AbortSignal.timeout(10))
    return run(this.#breaker, this.#started % 7 === 0 ? '/broken' : '/', signal)
  }
}

type Call = (path: string, callers?: AbortSignal) => Promise<string>

function wrap(breaker: CircuitBreaker): Call {
  return breaker((path, callers) => get(path, callers))
}

function run(breaker: CircuitBreaker, path: string, callers?: AbortSignal): Promise<string> {
  return breaker.run((signal) => get(path, signal), { signal: callers })
}

async function get(path: string, signal?: AbortSignal): Promise<string> {
  const response = await request(path, signal)
  return response.text()
}

function request(path: string, signal: AbortSignal | null = null): Promise<Response> {
  ran += 1
  return fetch(upstream.url + path, { signal, dispatcher: agent })
}

function classify(settled: Settled): 'failure' | undefined {
  const failed = settled.status === 'fulfilled' && (settled.value as Response).status >= 500
  return failed ? 'failure' : undefined
}

function retryAfter(settled: Settled): number | undefined {
  if (settled.status === 'rejected') return undefined
  const seconds = (settled.value as Response).headers.get('retry-after')
  return seconds === null ? undefined : Number(seconds) * 1000
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  return undefined
}

async function inTurn(times: number, call: () => Promise<unknown>): Promise<unknown[]> {
  const errors: unknown[] = []
  for (let i = 0; i < times; i++) errors.push(await failureOf(call()))
  return errors
}

/** The code of an error, or of the error underneath it. */
function codeOf(error: unknown): unknown {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return code ?? (cause === undefined ? undefined : codeOf(cause))
}

function lapse(since: number): number {
  return performance.now() - since
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 4))
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

type Counts = Partial<Snapshot['counts']>

function expectCounts(breaker: CircuitBreaker, expected: Counts, inFlight: number): void {
  const { counts, inFlight: shown } = breaker.snapshot()
  expect(counts).toMatchObject(expected)
  expect(shown).toBe(inFlight)
}

/** All calls are over: every permit came back once, and every result is in one column. */
function expectConserved(breaker: CircuitBreaker, expected: Counts): void {
  expectCounts(breaker, expected, 0)
  const { counts } = breaker.snapshot()
  const { admitted, settled, expired, success, failure, neutral, cancelled, stale } = counts
  expect(settled + expired).toBe(admitted)
  expect(success + failure + neutral + cancelled + stale).toBe(settled)
}
