import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { guardFetch } from '../../../src/fetch/index.ts'
import { CircuitBreaker, isCallTimeoutError, isCircuitOpenError } from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { missingNode } from './engines.ts'
import { takers } from './fetch-takers.ts'
import { HttpUpstream, json } from './upstream.ts'

// Clients that take a `fetch`, with a guarded one.

function causesOf(error: unknown, seen: unknown[] = []): unknown[] {
  if (typeof error !== 'object' || error === null || seen.includes(error)) return seen
  seen.push(error)
  const { cause, originalError, networkError, errors } = error as Record<string, unknown>
  const more = Array.isArray(errors) ? errors : []
  for (const next of [cause, originalError, networkError, ...more]) causesOf(next, seen)
  return seen
}

for (const taker of takers) {
  describe.skipIf(missingNode(taker as never) !== undefined)(taker.name, () => {
    let upstream: HttpUpstream
    let breaker: CircuitBreaker
    beforeEach(async () => {
      upstream = await HttpUpstream.start({
        answer: (_, response) => json(response, 200, taker.answer ?? { text: 'hello' }),
      })
      return async () => {
        await vi.waitFor(() => expect(breaker.snapshot().inFlight).toBe(0))
        upstream.release()
        await upstream.close()
      }
    })
    afterEach(() => vi.restoreAllMocks())

    const connect = async (
      options: object = {},
    ): Promise<(signal?: AbortSignal) => Promise<unknown>> => {
      breaker = new CircuitBreaker({
        name: 'client',
        maxFailures: 5,
        resetTimeout: 60_000,
        ...options,
      })
      return taker.connect(upstream.url, (fetch, extra = {}) =>
        guardFetch(breaker, { ...extra, ...(fetch && { fetch }) }),
      )
    }
    const counts = () => breaker.snapshot().counts

    it('gets its answer, which counts as a success', async () => {
      const call = await connect()
      await call()

      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
      expect(upstream.requests).toBe(1)
    })

    it('opens by five answers of 500, and then reaches nothing', async () => {
      const call = await connect()
      upstream.behaviour = 'fail'
      for (let i = 0; i < 5; i++) expect(await reasonOf(call())).toBeDefined()
      const reason = await reasonOf(call())

      expect([breaker.state, upstream.requests]).toEqual(['open', 5])
      expect(counts().rejected.open).toBe(1)
      if (taker.rejection === 'response') expect(String(reason)).toContain('is open')
      else expect(causesOf(reason).some(isCircuitOpenError), String(reason)).toBe(true)
    })

    it('ends a request that hangs when the call timeout is over', async () => {
      const call = await connect({ callTimeout: 200 })
      upstream.behaviour = 'wait'
      const reason = await reasonOf(call())

      expect(counts()).toMatchObject({ admitted: 1, failure: 1, timeout: 1 })
      await vi.waitFor(() => expect(upstream.waiting).toBe(0))
      if (taker.keepsTimeout !== false) {
        expect(causesOf(reason).some(isCallTimeoutError), String(reason)).toBe(true)
      }
    })

    it.skipIf(taker.takesSignal === false)(
      'takes no evidence from a caller that aborts',
      async () => {
        const call = await connect()
        upstream.behaviour = 'wait'
        const controller = new AbortController()
        const reason = reasonOf(call(controller.signal))
        await vi.waitFor(() => expect(upstream.waiting).toBe(1))
        controller.abort()
        await reason

        expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
        await vi.waitFor(() => expect(upstream.waiting).toBe(0))
      },
    )
  })
}
