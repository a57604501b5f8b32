import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepOnly, rowOf, showRows, sorted, troubled } from '../../dashboard/rows.ts'
import type { Row, Severity } from '../../src/admin/index.ts'

const rows = fc
  .record({
    name: fc.constantFrom(...'abcdefghijklmnop'),
    class: fc.constantFrom<Severity>(0, 1, 2, 3),
    why: fc.constantFrom('', 'no calls for 20 min'),
    rates: fc.record({
      calls: fc.integer({ min: 0, max: 3 }),
      failed: fc.integer({ min: 0, max: 2 }),
      rejected: fc.integer({ min: 0, max: 2 }),
    }),
  })
  .map((row) => row as unknown as Row)

/** What decides, the most important first; the smaller one comes first. */
function placeOf({ class: severity, why, rates, name }: Row): (number | string)[] {
  const isIdle = severity === 3 && why !== ''
  const harm = severity === 3 ? 0 : rates.failed + rates.rejected
  // Within a factor of two, and below two, they go by name.
  const doublings = [Number.MIN_VALUE, 2, 4].filter((limit) => harm >= limit).length
  return [severity, Number(isIdle), -doublings, name]
}

function before(a: Row, b: Row): number {
  const places = placeOf(b)
  const at = placeOf(a).findIndex((part, index) => part !== places[index])
  if (at === -1) return 0
  return (placeOf(a)[at] as number) < (places[at] as number) ? -1 : 1
}

describe('the rows of the page', () => {
  it('are those that came last for each name, by trouble, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.array(rows, { maxLength: 8 }), { maxLength: 12 }), (updates) => {
        keepOnly(new Set())
        const expected = new Map<string, Row>()
        for (const some of updates) {
          showRows(some)
          for (const row of some) expected.set(row.name, row)

          expect(sorted.value).toEqual([...expected.values()].sort(before))
          expect(troubled.value).toEqual(sorted.value.filter((row) => row.class === 0))
        }
        for (const [name, row] of expected) expect(rowOf(name)).toBe(row)
      }),
    )
  })

  it('are forgotten when there are no such breakers any more', () => {
    fc.assert(
      fc.property(fc.array(rows), fc.subarray([...'abcdefghijklmnop']), (some, names) => {
        keepOnly(new Set())
        showRows(some)

        keepOnly(new Set(names))

        for (const row of sorted.value) expect(names).toContain(row.name)
        for (const { name } of some) {
          expect(rowOf(name) !== undefined).toBe(sorted.value.some((row) => row.name === name))
          if (names.includes(name)) expect(rowOf(name)).toBeDefined()
        }
      }),
    )
  })
})
