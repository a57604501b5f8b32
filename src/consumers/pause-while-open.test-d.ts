import { expectTypeOf, it } from 'vitest'
import { CircuitBreaker } from '../index.ts'
import { type ConsumerPause, pauseWhileOpen } from './index.ts'

it('takes any breaker, and functions that return anything', () => {
  const cached = new CircuitBreaker({ fallback: (_: unknown, id: string) => id })
  const handle = pauseWhileOpen(cached, { pause: async () => {}, resume: () => true })

  expectTypeOf(handle).toEqualTypeOf<ConsumerPause>()
  expectTypeOf(handle).toExtend<Disposable>()
  // @ts-expect-error -- nothing would resume the consumer
  pauseWhileOpen(cached, { pause: () => {} })
  // @ts-expect-error -- read only
  handle.paused = true
})
