import { describe, expect, it } from 'vitest'
import { callColumns, columnOf, stateColumns } from '../../demo/columns.ts'

const scale = { lengthMs: 1_000, width: 10, now: 1_000 }

describe('callColumns', () => {
  it('counts a call in the column in which it ended', () => {
    const columns = callColumns([{ startedAt: 50, endedAt: 250, result: 'failed' }], scale)

    expect(columns.map(({ failed }) => failed)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
  })

  it('shares the waiting out over the columns by time', () => {
    const [first, second, third, fourth] = callColumns(
      [{ startedAt: 50, endedAt: 220, result: 'ok' }],
      scale,
    ).map(({ inFlight }) => inFlight)

    expect(first).toBeCloseTo(0.5)
    expect(second).toBeCloseTo(1)
    expect(third).toBeCloseTo(0.2)
    expect(fourth).toBe(0)
  })

  it('counts a call without a result as waiting, in the columns that are over', () => {
    const columns = callColumns([{ startedAt: 0 }], { ...scale, now: 250 })

    expect(columns).toHaveLength(2)
    expect(columns[1]).toMatchObject({ ok: 0, failed: 0, rejected: 0 })
    expect(columns[1]?.inFlight).toBeCloseTo(1)
  })

  it('keeps what ends after the length in the last column', () => {
    const columns = callColumns([{ startedAt: 990, endedAt: 1_020, result: 'ok' }], {
      ...scale,
      now: 1_020,
    })

    expect(columns).toHaveLength(10)
    expect(columns[9]?.ok).toBe(1)
  })
})

describe('stateColumns', () => {
  it('holds a state until the next change', () => {
    const columns = stateColumns([{ at: 250, state: 'open' }], { ...scale, now: 500 })

    expect(columns).toEqual(['closed', 'closed', 'open', 'open', 'open'])
  })

  it('shows a probe that came and went within one column', () => {
    const columns = stateColumns(
      [
        { at: 100, state: 'open' },
        { at: 210, state: 'half-open' },
        { at: 212, state: 'open' },
      ],
      { ...scale, now: 400 },
    )

    expect(columns).toEqual(['closed', 'open', 'half-open', 'open'])
  })

  it('shows the column in which it closes as it was before', () => {
    const changes = [
      { at: 0, state: 'open' },
      { at: 150, state: 'closed' },
    ] as const

    expect(stateColumns(changes, { ...scale, now: 300 })).toEqual(['open', 'open', 'closed'])
  })
})

describe('columnOf', () => {
  it.each([
    [0, 0],
    [99, 0],
    [100, 1],
    [999, 9],
    [1_000, 9],
    [-5, 0],
  ])('puts %i ms of a second into column %i of ten', (at, column) => {
    expect(columnOf(at, scale)).toBe(column)
  })
})
