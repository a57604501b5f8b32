import { describe, expect, it } from 'vitest'
import { consecutiveFailures } from './consecutive-failures.ts'

describe('consecutiveFailures', () => {
  it.each([
    { count: 0, limit: 1, opens: false },
    { count: 1, limit: 1, opens: true },
    { count: 2, limit: 3, opens: false },
    { count: 3, limit: 3, opens: true },
    { count: 4, limit: 3, opens: true },
  ])('opens when the limit is reached: $count of $limit is $opens', ({ count, limit, opens }) => {
    expect(consecutiveFailures(count, limit) !== undefined).toBe(opens)
  })

  it('names the rule and both sides of the inequality', () => {
    expect(consecutiveFailures(5, 3)).toEqual({
      rule: 'consecutiveFailures',
      observed: 5,
      threshold: 3,
    })
  })
})
