import { describe, expect, it } from 'vitest'
import type { RecordedFailure } from '../outcome.ts'
import { LastFailures } from './last-failures.ts'

function failure(at: number): RecordedFailure {
  return { name: 'Error', code: null, message: 'down', at }
}

function times(failures: LastFailures): number[] {
  return failures.list().map(({ at }) => at)
}

describe('LastFailures', () => {
  it.each([
    { added: 0, kept: [] },
    { added: 1, kept: [1] },
    { added: 5, kept: [1, 2, 3, 4, 5] },
    { added: 6, kept: [2, 3, 4, 5, 6] },
    { added: 9, kept: [5, 6, 7, 8, 9] },
    { added: 10, kept: [6, 7, 8, 9, 10] },
    { added: 12, kept: [8, 9, 10, 11, 12] },
  ])('keeps five at most, oldest first: $kept of $added', ({ added, kept }) => {
    const failures = new LastFailures()
    for (let at = 1; at <= added; at++) failures.add(failure(at))

    expect(times(failures)).toEqual(kept)
  })

  it.each([
    { given: [1, 2], kept: [1, 2, 10] },
    { given: [1, 2, 3, 4, 5], kept: [2, 3, 4, 5, 10] },
    { given: [1, 2, 3, 4, 5, 6, 7], kept: [4, 5, 6, 7, 10] },
  ])('goes on from $given', ({ given, kept }) => {
    const failures = new LastFailures(given.map(failure))

    failures.add(failure(10))

    expect(times(failures)).toEqual(kept)
  })

  it('goes on apart from its clone and from what it has listed', () => {
    const failures = new LastFailures([1, 2, 3, 4, 5, 6].map(failure))
    const listed = failures.list()
    const copy = failures.clone()

    copy.add(failure(7))

    expect([times(failures), times(copy)]).toEqual([
      [2, 3, 4, 5, 6],
      [3, 4, 5, 6, 7],
    ])
    failures.add(failure(8))
    expect(listed.map(({ at }) => at)).toEqual([2, 3, 4, 5, 6])
  })
})
