import { describe, expect, it } from 'vitest'
import { OUTCOMES } from '../outcome.ts'
import { Counters } from './counters.ts'

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
  fallbacks: 0,
  failedFallbacks: 0,
  rejected: { open: 0, 'half-open': 0, 'forced-open': 0, full: 0, unenforced: 0 },
}

describe('Counters', () => {
  it('reads zero everywhere when it is new', () => {
    expect(new Counters().read()).toEqual(zero)
  })

  it.each(OUTCOMES)('counts a %s under its own name', (outcome) => {
    const counters = new Counters()

    counters.outcome(outcome, false)

    expect(counters.read()).toEqual({ ...zero, [outcome]: 1 })
  })

  it.each(OUTCOMES)('counts a slow %s as slow if it says something about the target', (outcome) => {
    const counters = new Counters()

    counters.outcome(outcome, true)

    expect(counters.rest.slow).toBe(outcome === 'success' || outcome === 'failure' ? 1 : 0)
    expect(counters.read()).toEqual({ ...zero, [outcome]: 1 })
  })

  it.each(['open', 'half-open', 'forced-open', 'full'] as const)(
    'counts a call rejected as %s under that reason',
    (rejection) => {
      const counters = new Counters()

      counters.rare[rejection]++

      expect(counters.read()).toEqual({ ...zero, rejected: { ...zero.rejected, [rejection]: 1 } })
    },
  )

  it('has in flight what is admitted and neither settled nor expired', () => {
    const counters = Object.assign(new Counters(), { admitted: 10, ended: 7 })
    counters.rare.expired++

    expect(counters.inFlight).toBe(3)
    expect(counters.settled).toBe(6)
  })

  it('adds up the calls that came, and those of them that were rejected', () => {
    const counters = Object.assign(new Counters(), { admitted: 32 })
    const rejected = { open: 1, 'half-open': 2, 'forced-open': 4, full: 8, unenforced: 16 }
    Object.assign(counters.rare, rejected)

    expect(counters.rejected).toBe(1 + 2 + 4 + 8)
    expect(counters.offered).toBe(1 + 2 + 4 + 8 + 16 + 32)
  })

  it('counts apart from its clone', () => {
    const counters = new Counters()
    counters.outcome('success', false)

    const copy = counters.clone()
    copy.outcome('success', false)
    counters.rare.open++

    expect([counters.success, copy.success]).toEqual([1, 2])
    expect([counters.rejected, copy.rejected]).toEqual([1, 0])
  })

  it('returns totals that later counting leaves alone', () => {
    const counters = new Counters()
    const before = counters.read()

    counters.outcome('success', false)
    counters.rare.open++

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
      fallbacks: 13,
      failedFallbacks: 12,
      rejected: { open: 7, 'half-open': 8, 'forced-open': 9, full: 10, unenforced: 11 },
    }

    const counters = Counters.from(counts)

    expect(counters.read()).toEqual({ ...counts, admitted: 19 })
    expect(counters.inFlight).toBe(0)
  })
})
