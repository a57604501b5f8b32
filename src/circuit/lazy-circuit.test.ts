import { expect, it } from 'vitest'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { ManualClock } from '../testing/manual-clock.ts'

it.each([0, 1_000])(
  'time begins when a breaker is created, not when it is first used, at %i by its clock',
  async (start) => {
    const clock = new ManualClock(start)
    const breaker = new CircuitBreaker({ clock })

    await clock.advance(300)

    expect(breaker.snapshot().stateFor).toBe(300)
  },
)

it.each([0, 1_000])(
  'time goes on from when state is restored, at %i by the clock',
  async (start) => {
    const tripped = new CircuitBreaker({ clock: new ManualClock(), resetTimeout: 5_000 })
    tripped.trip()
    const clock = new ManualClock(start)
    const breaker = new CircuitBreaker({ clock, resetTimeout: 5_000, saved: tripped.save() })

    await clock.advance(300)

    expect(breaker.snapshot()).toMatchObject({ stateFor: 300, retryAfter: 4_700 })
  },
)

it('saved state that is wrong is refused when the breaker is created', () => {
  expect(() => new CircuitBreaker({ saved: { version: 'x' } as never })).toThrow('version')
})
