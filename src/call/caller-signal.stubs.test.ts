import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

let breaker: CircuitBreaker

beforeEach(() => {
  ;({ breaker } = createBreaker({ callTimeout: 1_000 }))
})

function raise(): never {
  throw new Error('touched')
}

/** What tests and old platforms pass in place of a signal. */
const stubs: [string, () => object][] = [
  ['has no removeEventListener', () => ({ aborted: false, addEventListener() {} })],
  [
    'throws from addEventListener',
    () => ({ aborted: false, addEventListener: raise, removeEventListener() {} }),
  ],
  [
    'throws from removeEventListener',
    () => ({ aborted: false, addEventListener() {}, removeEventListener: raise }),
  ],
]

/** All ways for a call to have a signal. */
const callers: [string, (signal: AbortSignal) => Promise<unknown>][] = [
  ['a wrapped function', (signal) => breaker(async (_: object) => 'answer')({ signal })],
  ['run', (signal) => breaker.run(() => 'answer', { signal })],
  [
    'withSignal',
    (signal) => breaker.withSignal(async (_signal, _options: object) => 'answer')({ signal }),
  ],
  [
    'acquire',
    async (signal) => {
      breaker.acquire({ signal }).success()
      return 'answer'
    },
  ],
  [
    'a stream',
    async (signal) => {
      const stream = breaker.stream(async function* (_: object) {
        yield 'answer'
      })
      let last: unknown
      for await (const item of stream({ signal })) last = item
      return last
    },
  ],
]

describe.each(stubs)('a signal that %s', (_, stub) => {
  describe.each(['closed', 'half-open'])('in a %s circuit', (state) => {
    it.each(callers)('costs no call its result or its permit: %s', async (_name, call) => {
      if (state === 'half-open') breaker.halfOpen()

      expect(await call(stub() as AbortSignal)).toBe('answer')

      expect(breaker.snapshot().inFlight).toBe(0)
      expect(breaker.snapshot().counts.success).toBe(1)
    })
  })
})

describe('a signal that has no throwIfAborted', () => {
  it.each(['acquire', 'tryAcquire'] as const)(
    'gives no permit when it is aborted: %s',
    (method) => {
      const stub = { aborted: true, reason: 'gone', addEventListener() {} }
      let outcome: unknown

      try {
        outcome = breaker[method]({ signal: stub as unknown as AbortSignal })
      } catch (error) {
        outcome = error
      }

      expect(outcome).toBe(method === 'acquire' ? 'gone' : undefined)
      expect(breaker.snapshot().counts.admitted).toBe(0)
    },
  )
})
