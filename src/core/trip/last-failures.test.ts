import { describe, expect, it } from 'vitest'
import type { RecordedFailure } from '../outcome.ts'
import { keepFailure, lastFailures } from './last-failures.ts'

function failure(at: number): RecordedFailure {
  return { name: 'Error', code: null, message: 'down', at }
}

function times(failures: readonly RecordedFailure[]): number[] {
  return failures.map(({ at }) => at)
}

describe('the last failures', () => {
  it.each([
    { added: 0, kept: [] },
    { added: 1, kept: [1] },
    { added: 5, kept: [1, 2, 3, 4, 5] },
    { added: 6, kept: [2, 3, 4, 5, 6] },
    { added: 12, kept: [8, 9, 10, 11, 12] },
  ])('are five at most, oldest first: $kept of $added', ({ added, kept }) => {
    const failures: RecordedFailure[] = []
    for (let at = 1; at <= added; at++) keepFailure(failures, failure(at))

    expect(times(failures)).toEqual(kept)
  })

  it.each([
    { given: [1, 2], kept: [1, 2, 10] },
    { given: [1, 2, 3, 4, 5], kept: [2, 3, 4, 5, 10] },
    { given: [1, 2, 3, 4, 5, 6, 7], kept: [4, 5, 6, 7, 10] },
  ])('go on from $given', ({ given, kept }) => {
    const failures = lastFailures(given.map(failure))

    keepFailure(failures, failure(10))

    expect(times(failures)).toEqual(kept)
  })
})
