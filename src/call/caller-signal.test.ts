import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

// biome-ignore lint/suspicious/noExplicitAny: the arguments of any client.
type Find = (args: any[]) => AbortSignal

/** A guarded client call that fails when the signal, found by `find`, aborts. */
function client(breaker: CircuitBreaker, find: Find): (...args: unknown[]) => Promise<unknown> {
  return breaker(
    (...args: unknown[]) =>
      new Promise((_, reject) => {
        const signal = find(args)
        if (signal.aborted) reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  )
}

const shapes: [string, (signal: AbortSignal) => unknown[], Find][] = [
  ['as it is', (signal) => [signal], ([signal]) => signal],
  ['as { signal }', (signal) => ['/users', { signal }], ([, { signal }]) => signal],
  ['as { abortSignal }', (signal) => [{ abortSignal: signal }], ([{ abortSignal }]) => abortSignal],
  ['before other arguments', (signal) => [{ signal }, 'users', 5, null], ([{ signal }]) => signal],
  [
    'in a request',
    (signal) => [new Request('http://x.test', { signal })],
    ([value]) => value.signal,
  ],
]

describe('the signal of the caller among the arguments', () => {
  it.each(shapes)(
    'makes a rejection after its abort cancelled, given %s',
    async (_, wrap, find) => {
      const { breaker } = createBreaker({ maxFailures: 1 })
      const caller = new AbortController()

      const result = client(breaker, find)(...wrap(caller.signal))
      caller.abort('stop')

      expect(await reasonOf(result)).toBe('stop')
      expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
      expect(breaker.state).toBe('closed')
    },
  )

  it('makes a rejection cancelled when it was aborted before', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const signal = AbortSignal.abort('gone')

    expect(await reasonOf(client(breaker, ([value]) => value)(signal))).toBe('gone')
    expect(breaker.snapshot().counts.cancelled).toBe(1)
  })

  it('says nothing about a rejection while it is not aborted', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { signal } = new AbortController()

    await reasonOf(breaker(async (_: object) => Promise.reject(new Error('down')))({ signal }))

    expect(breaker.state).toBe('open')
  })

  it('leaves a call that succeeds after the abort a success', async () => {
    const { breaker } = createBreaker()

    const result = await breaker(async (_: AbortSignal) => 'answer')(AbortSignal.abort())

    expect(result).toBe('answer')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, cancelled: 0 })
  })

  it('keeps the fallback out of it', async () => {
    const fallback = vi.fn(() => 'instead')
    const { breaker } = createBreaker({ fallback })
    const guarded = breaker((signal: AbortSignal): Promise<string> => Promise.reject(signal.reason))

    expect(await reasonOf(guarded(AbortSignal.abort('stop')))).toBe('stop')
    expect(fallback).not.toHaveBeenCalled()
  })

  it('is the last one where there are several, because options come last', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const guarded = breaker(async (..._: unknown[]) => Promise.reject(new Error('down')))

    await reasonOf(guarded(AbortSignal.abort(), { signal: new AbortController().signal }))

    expect(breaker.state).toBe('open')
  })

  it.each([
    ['the name of a signal', { signal: 'SIGTERM' }],
    ['nothing', { signal: undefined }],
    ['an object that only has the flag', { signal: { aborted: true } }],
    ['a flag of its own', { aborted: true }],
  ])('is not mistaken for %s', async (_, argument) => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    await reasonOf(breaker(async (_: object) => Promise.reject(new Error('down')))(argument))

    expect(breaker.state).toBe('open')
  })

  it('is passed on as it is', async () => {
    const { breaker } = createBreaker()
    const options = { signal: new AbortController().signal }

    expect(await breaker(async (got: object) => got === options)(options)).toBe(true)
  })
})
