import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.ts'
import { Permit } from './permit.ts'
import { Evidence } from './trip/evidence.ts'

const rule = new Evidence({ threshold: 10, slowerThan: 5_000, minimumSpan: 0, overdue: true })

function line(...starts: number[]): { inFlight: InFlight; permits: Permit[] } {
  const inFlight = new InFlight(rule)
  const permits = starts.map((startedAt) => new Permit(null, startedAt))
  for (const permit of permits) inFlight.add(permit)
  return { inFlight, permits }
}

function startsOf(inFlight: InFlight): number[] {
  const starts: number[] = []
  for (let value = inFlight.first; value !== undefined; value = value.next)
    starts.push(value.startedAt)
  return starts
}

describe('InFlight', () => {
  it('lines calls up, oldest first', () => {
    expect(startsOf(line(1, 2, 3).inFlight)).toEqual([1, 2, 3])
    expect(line().inFlight.first).toBeUndefined()
  })

  it.each([
    { removed: [0], left: [2, 3] },
    { removed: [1], left: [1, 3] },
    { removed: [2], left: [1, 2] },
    { removed: [0, 1, 2], left: [] },
    { removed: [2, 1, 0], left: [] },
    { removed: [1, 0], left: [3] },
  ])('closes the gap that $removed leave, and goes on after it', ({ removed, left }) => {
    const { inFlight, permits } = line(1, 2, 3)

    for (const index of removed) inFlight.remove(permits[index] as Permit)
    inFlight.add(new Permit(null, 4))

    expect(startsOf(inFlight)).toEqual([...left, 4])
  })

  it('is cloned in its order, apart', () => {
    const { inFlight, permits } = line(1, 2)

    const copy = inFlight.clone((permit) => new Permit(null, permit.startedAt + 10), rule)
    inFlight.remove(permits[0] as Permit)

    expect([startsOf(copy), startsOf(inFlight)]).toEqual([[11, 12], [2]])
  })
})

describe('a list that replaces another one', () => {
  it.each([
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ])('is left alone when calls of the earlier one end, in the order %d %d %d', (...order) => {
    const { permits } = line(1, 2, 3)
    const later = line(4, 5)

    for (const index of order) {
      later.inFlight.remove(permits[index] as Permit)
      later.inFlight.add(new Permit(null, 6 + index))
    }

    expect(startsOf(later.inFlight)).toEqual([4, 5, ...order.map((index) => 6 + index)])
  })
})
