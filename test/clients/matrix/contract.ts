import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  CircuitBreaker,
  isCallTimeoutError,
  isCircuitOpenError,
  protect,
} from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import type { Client, Connection } from './client.ts'

/** What a run has found out about a client, for the table in the documentation. */
export interface Findings {
  rejection?: string
  brokenBody?: string
}

const PATIENCE = { timeout: 5_000, interval: 2 }

/** What holds for each guarded client, whatever its protocol. */
export function describeContract(client: Client, findings: Findings): void {
  let breaker: CircuitBreaker
  let connection: Connection
  let unhandled: unknown[]

  const connect = async (methods?: readonly string[]): Promise<void> => {
    connection = await client.connect({
      breaker,
      protect: (real, options) =>
        protect(real, breaker, { ...options, ...(methods && { methods }) }),
    })
  }
  const call = (signal?: AbortSignal): Promise<unknown> => firstUse(connection)(signal)
  const counts = () => {
    const { success, failure, cancelled } = breaker.snapshot().counts
    return { success, failure, cancelled }
  }
  const untilIdle = () =>
    vi.waitFor(() => expect(breaker.snapshot().inFlight, 'calls in flight').toBe(0), PATIENCE)
  const untilWaiting = () => vi.waitFor(() => expect(connection.upstream.waiting).toBe(1), PATIENCE)

  beforeEach(async () => {
    breaker = new CircuitBreaker({ name: 'client', maxFailures: 5, resetTimeout: 600_000 })
    unhandled = []
    process.on('unhandledRejection', onUnhandled)
  })

  const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

  afterEach(async () => {
    try {
      await untilIdle()
      // A rejection counts as unhandled once the promises of a turn have been dealt with.
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', onUnhandled)
      connection.upstream.release()
      await connection.close?.()
      await connection.upstream.close()
    }
  })

  it('makes one successful call, however its answer is used', async () => {
    await connect()
    const uses = Object.values(connection.uses)
    for (const use of uses) {
      await use()
      await untilIdle()
    }

    expect(counts()).toEqual({ success: uses.length, failure: 0, cancelled: 0 })
  })

  it('opens after five failures, then rejects however the answer is used, and reaches nothing', async () => {
    await connect()
    for (const use of Object.values(connection.uses)) await use()
    connection.upstream.behaviour = 'fail'
    for (let i = 0; i < 5; i++) {
      expect(breaker.state).toBe('closed')
      expect(openErrorOf(await reasonOf(call()))).toBeUndefined()
    }
    await untilIdle()
    expect(breaker.state).toBe('open')
    expect(counts().failure).toBe(5)
    const { requests } = connection.upstream
    const rejected: Record<string, unknown> = {}
    for (const [name, use] of Object.entries(connection.uses))
      rejected[name] = await reasonOf(use())

    for (const [name, reason] of Object.entries(rejected)) {
      expect(openErrorOf(reason), `${name}: ${String(reason)}`).toBeDefined()
    }
    expect(connection.upstream.requests).toBe(requests)
    findings.rejection = describeRejection(Object.values(rejected)[0])
  })

  it('counts a failure however the answer is used, and reports it once', async () => {
    await connect()
    connection.upstream.behaviour = 'fail'
    breaker.configure({ maxFailures: 1_000 })
    const uses = Object.values(connection.uses)
    for (const use of uses) {
      await reasonOf(use())
      await untilIdle()
    }

    expect(counts()).toEqual({ success: 0, failure: uses.length, cancelled: 0 })
  })

  it('lets one of ten concurrent calls through while half-open, and closes with its success', async () => {
    await connect()
    await call()
    await untilIdle()
    breaker.trip()
    breaker.halfOpen()
    connection.upstream.behaviour = 'wait'
    const { requests } = connection.upstream
    const calls = Array.from({ length: 10 }, () => call())
    const results = Promise.allSettled(calls)
    await untilWaiting()
    connection.upstream.release()
    const reasons = (await results).flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    )
    await untilIdle()

    expect(reasons.map(openErrorOf)).not.toContain(undefined)
    expect(reasons).toHaveLength(9)
    expect(connection.upstream.requests - requests).toBe(1)
    expect(breaker.state).toBe('closed')
  })

  it.runIf(client.cancelledBy !== 'nothing')(
    'takes no evidence from calls that their caller aborts, however the answer is used',
    async () => {
      await connect()
      connection.upstream.behaviour = 'wait'
      const uses = Object.values(connection.uses).filter((use) => use.length > 0)
      for (const use of uses) {
        const controller = new AbortController()
        const result = reasonOf(use(controller.signal))
        await untilWaiting()
        controller.abort()
        await result
        await untilIdle()
        await vi.waitFor(() => expect(connection.upstream.waiting).toBe(0), PATIENCE)
      }

      expect(counts()).toEqual({ success: 0, failure: 0, cancelled: uses.length })
    },
  )

  it.runIf(client.cancelledBy === 'signal')(
    'ends a request that hangs, where its caller has passed a signal',
    async () => {
      await connect()
      await call()
      await untilIdle()
      breaker.configure({ maxFailures: 5, callTimeout: 100 })
      connection.upstream.behaviour = 'wait'
      const reason = await reasonOf(call(new AbortController().signal))
      await untilIdle()
      await vi.waitFor(() => expect(connection.upstream.waiting).toBe(0), PATIENCE)

      expect(isCallTimeoutError(reason), String(reason)).toBe(true)
      expect(connection.upstream.requests).toBe(2)
      expect(counts()).toEqual({ success: 1, failure: 1, cancelled: 0 })
    },
  )

  it.runIf(client.brokenBody === undefined)(
    'returns the permit of a call whose body dies',
    async () => {
      await connect()
      connection.upstream.behaviour = 'break off'
      const [{ status }] = await Promise.allSettled([call()])
      await untilIdle()

      const { success, failure, cancelled } = counts()
      expect(success + failure).toBe(1)
      expect(cancelled).toBe(0)
      const seen = status === 'rejected' ? 'seen by its reader only' : 'not noticed by the client'
      findings.brokenBody = failure === 1 ? 'a failure' : seen
    },
  )

  it.runIf(client.paginates)('counts a second page that fails, however it is loaded', async () => {
    await connect()
    const pages = Object.entries(connection.pages ?? {})
    expect(pages).not.toEqual([])
    for (const [name, load] of pages) {
      const { failure } = counts()
      connection.upstream.answersLeft = 1
      const reason = await reasonOf(load())
      await untilIdle()
      expect(counts().failure, `${name}: ${String(reason)}`).toBe(failure + 1)
      breaker.reset()
    }

    expect(connection.upstream.requests).toBe(2 * pages.length)
  })

  it('reaches nothing while forced open, however the answer is used, before any call has run', async () => {
    await connect(client.methods)
    breaker.forceOpen()
    for (const [name, use] of Object.entries(connection.uses)) {
      const reason = await reasonOf(use())
      expect(openErrorOf(reason), `${name}: ${String(reason)}`).toBeDefined()
    }

    expect(connection.upstream.requests).toBe(0)
  })
}

function firstUse({ uses }: Connection): (signal?: AbortSignal) => Promise<unknown> {
  const [use] = Object.values(uses)
  if (use === undefined) throw new Error('a client without a use')
  return use
}

/** The error of the rejected call: itself, or a cause. */
function openErrorOf(error: unknown): unknown {
  for (let cause = error, depth = 0; cause !== undefined && depth < 8; depth++) {
    if (isCircuitOpenError(cause)) return cause
    cause = (cause as { readonly cause?: unknown } | null)?.cause
  }
  return undefined
}

function describeRejection(error: unknown): string {
  if (isCircuitOpenError(error)) return '`CircuitOpenError`'
  return `\`${(error as Error).constructor.name}\`, by its \`cause\``
}
