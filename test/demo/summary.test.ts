import { describe, expect, it } from 'vitest'
import {
  hungMs,
  lastSecond,
  quantile,
  responses,
  summarize,
  tallyOf,
  wastedMs,
  worstInFlight,
} from '../../demo/summary.ts'
import type { Call } from '../../demo/traffic.ts'

const call = (startedAt: number, took: number, result: Call['result']): Call =>
  result ? { startedAt, endedAt: startedAt + took, result } : { startedAt }

describe('summarize', () => {
  it('counts what became of the calls', () => {
    const side = summarize(
      [call(0, 20, 'ok'), call(10, 1_000, 'failed'), call(20, 0, 'rejected')],
      [],
      1_000,
    )

    expect(side).toMatchObject({ calls: 3, ok: 1, failed: 1, rejected: 1, worstInFlight: 2 })
    expect(side.meanInFlight).toBeCloseTo(1.02)
  })

  it('tells calls sent into a fault from calls rejected after it', () => {
    const side = summarize(
      [
        call(90, 20, 'ok'),
        call(100, 9, 'failed'),
        call(150, 0, 'rejected'),
        call(200, 0, 'rejected'),
      ],
      [{ kind: 'killed', from: 100, until: 200 }],
      1_000,
    )

    expect(side).toMatchObject({ sentWhileDown: 1, rejectedWhileUp: 1 })
  })
})

describe('wastedMs', () => {
  it('adds up the time of calls that brought nothing', () => {
    expect(wastedMs([call(0, 20, 'ok'), call(0, 1_000, 'failed'), call(0, 500, 'failed')])).toBe(
      1_500,
    )
  })

  it('leaves out calls that may still be answered', () => {
    expect(wastedMs([call(0, 0, undefined)])).toBe(0)
  })
})

describe('hungMs', () => {
  it('adds up the time of calls that were answered too late for anybody', () => {
    expect(hungMs([call(0, 5_500, 'ok'), call(0, 2_000, 'ok'), call(0, 20, 'ok')], 9_000)).toBe(
      5_500,
    )
  })

  it('counts a call that still waits once it has waited too long', () => {
    expect(hungMs([call(1_000, 0, undefined)], 3_000)).toBe(0)
    expect(hungMs([call(1_000, 0, undefined)], 3_001)).toBe(2_001)
  })

  it('leaves calls to those that failed that did', () => {
    expect(hungMs([call(0, 10_000, 'failed')], 20_000)).toBe(0)
  })
})

describe('tallyOf', () => {
  it('counts every call once, and the time lost with it', () => {
    const calls = [
      call(0, 10_000, 'failed'),
      call(0, 5_000, 'ok'),
      call(0, 20, 'ok'),
      call(9_000, 0, undefined),
      call(9_000, 1, 'rejected'),
    ]

    expect(tallyOf(calls, 12_000)).toEqual({
      failed: 1,
      rejected: 1,
      hung: 2,
      lostMs: 10_000 + 5_000 + 3_000 + 1,
    })
  })
})

describe('worstInFlight', () => {
  it('does not count a call that ends as another starts', () => {
    expect(worstInFlight([call(0, 10, 'ok'), call(10, 10, 'ok')])).toBe(1)
  })

  it('counts calls that overlap, whichever ends first', () => {
    expect(
      worstInFlight([
        call(0, 100, 'ok'),
        call(10, 10, 'ok'),
        call(15, 50, 'ok'),
        call(70, 1, 'ok'),
      ]),
    ).toBe(3)
  })
})

describe('quantile', () => {
  it.each([
    [0.5, 2],
    [0.75, 3],
    [0.99, 4],
  ])('returns the value that %d of the values do not exceed', (share, value) => {
    expect(quantile([4, 2, 1, 3], share)).toBe(value)
  })

  it('is 0 of nothing', () => {
    expect(quantile([], 0.5)).toBe(0)
  })
})

describe('lastSecond', () => {
  it('counts what started and what ended in it, and what waits', () => {
    const figures = lastSecond(
      [
        call(500, 900, 'failed'),
        call(900, 50, 'ok'),
        call(1_500, 20, 'ok'),
        call(1_990, 0, undefined),
      ],
      2_000,
    )

    expect(figures).toEqual({ started: 2, ok: 1, failed: 1, rejected: 0, inFlight: 1 })
  })
})

describe('responses', () => {
  const fault = { kind: 'frozen', from: 1_000, until: 3_000 } as const

  it('measures from the fault to open and from the return to closed', () => {
    const changes = [
      { at: 2_000, state: 'open' },
      { at: 2_500, state: 'half-open' },
      { at: 2_600, state: 'open' },
      { at: 3_400, state: 'closed' },
    ] as const

    expect(responses([fault], changes)).toEqual([
      { kind: 'frozen', tripMs: 1_000, recoveryMs: 400 },
    ])
  })

  it('says nothing of what did not happen', () => {
    expect(responses([fault], [{ at: 3_400, state: 'closed' }])).toEqual([{ kind: 'frozen' }])
    expect(responses([fault], [{ at: 3_400, state: 'open' }])).toEqual([{ kind: 'frozen' }])
  })

  it('does not take the answer to the next fault for the answer to this one', () => {
    const next = { kind: 'killed', from: 5_000, until: 6_000 } as const
    const changes = [
      { at: 2_000, state: 'open' },
      { at: 6_100, state: 'closed' },
    ] as const

    expect(responses([fault, next], changes)).toEqual([
      { kind: 'frozen', tripMs: 1_000 },
      { kind: 'killed' },
    ])
  })

  it('counts an answer that overtook the news of the return as immediate', () => {
    const changes = [
      { at: 2_000, state: 'open' },
      { at: 2_998, state: 'closed' },
    ] as const

    expect(responses([fault], changes)[0]?.recoveryMs).toBe(0)
  })
})
