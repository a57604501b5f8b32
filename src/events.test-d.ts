import { describe, expectTypeOf, it } from 'vitest'
import type { BreakerEvents, EventName } from './events.ts'

describe('EventName', () => {
  it('is the name of every event that has a payload, and of no other', () => {
    expectTypeOf<EventName>().toEqualTypeOf<keyof BreakerEvents>()
  })
})
