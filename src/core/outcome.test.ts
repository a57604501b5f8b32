import { describe, expect, it } from 'vitest'
import { CANCELLED, errorOf, NEUTRAL, OUTCOMES, SUCCESS } from './outcome.ts'

describe('OUTCOMES', () => {
  it('are the four that a classifier may give', () => {
    expect(OUTCOMES).toEqual(['success', 'failure', 'neutral', 'cancelled'])
  })
})

describe('the ready-made classifications', () => {
  it('say their outcome and nothing else', () => {
    expect(SUCCESS).toEqual({ outcome: 'success' })
    expect(NEUTRAL).toEqual({ outcome: 'neutral' })
    expect(CANCELLED).toEqual({ outcome: 'cancelled' })
  })
})

describe('errorOf', () => {
  it('is what a call was rejected with, and nothing for one that was fulfilled', () => {
    expect(errorOf({ status: 'rejected', reason: 'down' })).toBe('down')
    expect(errorOf({ status: 'fulfilled', value: 'up' })).toBeUndefined()
  })
})
