import { describe, expect, it } from 'vitest'
import { impactOf, worstFirst } from './order.ts'
import type { Row } from './row.ts'

function row(name: string, severity: Row['class'], failed = 0, why = ''): Row {
  return { name, class: severity, why, rates: { calls: failed, failed, rejected: 0 } } as Row
}

describe('the impact of calls that fail or are rejected', () => {
  it('is 0 if there are none', () => {
    expect(impactOf(0)).toBe(0)
  })

  it.each([
    [0.1, 1.9],
    [2, 3.9],
    [64, 127],
  ])(
    'is the same for rates within a factor of two, and below two: %d and %d a second',
    (less, more) => {
      expect(impactOf(less)).toBe(impactOf(more))
    },
  )

  it('grows with each doubling', () => {
    const impacts = [0, 0.000_1, 2, 4, 8, 1_000, 1e6].map(impactOf)

    expect(impacts).toEqual([...impacts].sort((a, b) => a - b))
    expect(new Set(impacts).size).toBe(impacts.length)
  })
})

describe('the order of lists', () => {
  it.each([
    ['a worse class comes first', row('b', 0), row('a', 1, 100)],
    ['more failures come first', row('b', 0, 4), row('a', 0, 1)],
    ['about as many go by name', row('a', 0, 1.1), row('b', 0, 1.8)],
    ['healthy ones go by name, whatever fails', row('a', 3, 1), row('b', 3, 20)],
    ['an idle one comes last', row('b', 3), row('a', 3, 0, 'last called 2 h ago')],
  ])('%s', (_, first, second) => {
    expect([second, first].sort(worstFirst)).toEqual([first, second])
    expect([first, second].sort(worstFirst)).toEqual([first, second])
  })
})
