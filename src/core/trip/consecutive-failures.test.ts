import { describe, expect, it } from 'vitest'
import { consecutiveFailures } from './consecutive-failures.ts'

describe('consecutiveFailures', () => {
  it.each([
    { streak: 0, limit: 1, opens: false },
    { streak: 1, limit: 1, opens: true },
    { streak: 2, limit: 3, opens: false },
    { streak: 3, limit: 3, opens: true },
    { streak: 4, limit: 3, opens: true },
  ])('opens when the limit is reached: $streak of $limit is $opens', ({ streak, limit, opens }) => {
    expect(consecutiveFailures(streak, limit) !== undefined).toBe(opens)
  })

  it('names the rule and both sides of the inequality', () => {
    expect(consecutiveFailures(5, 3)).toEqual({
      rule: 'consecutiveFailures',
      observed: 5,
      threshold: 3,
    })
  })
})
