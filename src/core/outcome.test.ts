import { describe, expect, it } from 'vitest'
import { CANCELLED, NEUTRAL, OUTCOMES, SUCCESS } from './outcome.ts'

describe('OUTCOMES', () => {
  it('are the four that a classifier may give', () => {
    expect(OUTCOMES).toEqual(['success', 'failure', 'neutral', 'cancelled'])
  })
})

describe('the ready-made verdicts', () => {
  it('say their outcome and nothing else', () => {
    expect(SUCCESS).toEqual({ outcome: 'success' })
    expect(NEUTRAL).toEqual({ outcome: 'neutral' })
    expect(CANCELLED).toEqual({ outcome: 'cancelled' })
  })
})
