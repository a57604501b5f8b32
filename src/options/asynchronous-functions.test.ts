import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, fail, reasonOf, succeed, turn } from '../../test/helpers/public.ts'
import { type CircuitBreakerOptions, CircuitRegistry } from '../index.ts'

const down = new Error('down')
const rejects = async (): Promise<never> => {
  throw down
}

const unhandled = vi.fn()

beforeEach(() => {
  unhandled.mockClear()
  process.on('unhandledRejection', unhandled)
})

afterEach(() => {
  process.off('unhandledRejection', unhandled)
})

describe('a function among the options that is asynchronous and must not be', () => {
  it.each<[string, CircuitBreakerOptions]>([
    ['classify', { classify: rejects as never }],
    ['retryAfter', { retryAfter: rejects as never }],
    ['trip.when', { trip: { when: rejects as never } }],
  ])('is reported, and its rejection is handled: %s', async (source, options) => {
    const { breaker } = createBreaker(options)
    const reported: [string, string][] = []
    breaker.on('listenerError', (event) => {
      reported.push([event.source, (event.error as Error).message])
    })

    await fail(breaker, down)
    await turn()

    expect(reported).toEqual([[source, `${source} must not return a promise`]])
    expect(breaker.snapshot().counts.failure).toBe(1)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('leaves no message behind, and its rejection is handled: redact', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, redact: rejects as never })

    await fail(breaker, down)
    await turn()

    expect(breaker.snapshot().trips[0]?.failures[0]?.message).toBe('')
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('rejects the call, and its rejection is handled: the key of a keyed function', async () => {
    const keyed = new CircuitRegistry().keyed(async () => 'answer', { key: rejects as never })

    const reason = await reasonOf(keyed())
    await turn()

    expect(reason).toEqual(new TypeError('key must not return a promise'))
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('does not open the circuit by a promise of true', async () => {
    const { breaker } = createBreaker({ trip: { when: (async () => true) as never } })
    breaker.on('listenerError', () => {})

    await succeed(breaker)

    expect(breaker.state).toBe('closed')
  })
})
