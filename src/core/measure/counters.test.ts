import { describe, expect, it } from 'vitest'
import { OUTCOMES } from '../outcome.ts'
import { Tally } from './counters.ts'

const zero = {
  admitted: 0,
  settled: 0,
  expired: 0,
  success: 0,
  failure: 0,
  neutral: 0,
  cancelled: 0,
  timeout: 0,
  stale: 0,
  rejected: { open: 0, 'half-open': 0, 'forced-open': 0, full: 0, unenforced: 0 },
}

describe('Tally', () => {
  it('reads zero everywhere when it is new', () => {
    expect(new Tally().read()).toEqual(zero)
  })

  it.each(OUTCOMES)('counts a %s under its own name', (outcome) => {
    const tally = new Tally()

    tally.outcome(outcome)

    expect(tally.read()).toEqual({ ...zero, [outcome]: 1 })
  })

  it.each(['open', 'half-open', 'forced-open', 'full'] as const)(
    'counts a call rejected as %s under that reason',
    (refusal) => {
      const tally = new Tally()

      tally.trouble[refusal]++

      expect(tally.read()).toEqual({ ...zero, rejected: { ...zero.rejected, [refusal]: 1 } })
    },
  )

  it('has in flight what is admitted and neither settled nor expired', () => {
    const tally = Object.assign(new Tally(), { admitted: 10, ended: 7 })
    tally.trouble.expired++

    expect(tally.inFlight).toBe(3)
    expect(tally.settled).toBe(6)
  })

  it('adds up the calls that came, and those of them that were refused', () => {
    const tally = Object.assign(new Tally(), { admitted: 32 })
    const refused = { open: 1, 'half-open': 2, 'forced-open': 4, full: 8, unenforced: 16 }
    Object.assign(tally.trouble, refused)

    expect(tally.rejected).toBe(1 + 2 + 4 + 8)
    expect(tally.offered).toBe(1 + 2 + 4 + 8 + 16 + 32)
  })

  it('counts apart from its clone', () => {
    const tally = new Tally()
    tally.outcome('success')

    const copy = tally.clone()
    copy.outcome('success')
    tally.trouble.open++

    expect([tally.success, copy.success]).toEqual([1, 2])
    expect([tally.rejected, copy.rejected]).toEqual([1, 0])
  })

  it('gives totals that later counting leaves alone', () => {
    const tally = new Tally()
    const before = tally.read()

    tally.outcome('success')
    tally.trouble.open++

    expect(before).toEqual(zero)
  })

  it('continues from the totals of another process with none of its calls in flight', () => {
    const counts = {
      admitted: 20,
      settled: 16,
      expired: 3,
      success: 1,
      failure: 2,
      neutral: 3,
      cancelled: 4,
      timeout: 5,
      stale: 6,
      rejected: { open: 7, 'half-open': 8, 'forced-open': 9, full: 10, unenforced: 11 },
    }

    const tally = Tally.from(counts)

    expect(tally.read()).toEqual({ ...counts, admitted: 19 })
    expect(tally.inFlight).toBe(0)
  })
})
