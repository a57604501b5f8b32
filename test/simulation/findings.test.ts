import { describe, expect, it } from 'vitest'
import { Findings, statements } from '../../bench/policy/findings.ts'
import { callsToTrip, falseTrips } from '../../bench/policy/markov.ts'
import { HANG, LATE, runNamed } from '../../bench/policy/named.ts'
import { plot } from '../../bench/policy/plot.ts'
import { policies } from '../../bench/policy/policies.ts'
import { page, type Results } from '../../bench/policy/report.ts'
import { type FaultType, faultTypes, range } from '../../bench/policy/scenarios.ts'
import { interval, mean, worst } from '../../bench/policy/statistics.ts'
import { cost, type Outcome } from '../../bench/policy/study.ts'

function outcome(policy: string, seed: number, lost: number): Outcome {
  const counts = { failed: 10, waited: 5, trips: 0, peakInFlight: 1 }
  return { policy, seed, fault: 'hang', lost, ...counts }
}

describe('cost', () => {
  it('is what the registered formula says', () => {
    expect(cost(outcome('auto', 1, 100), { failed: 0.1, waited: 0.2 })).toBe(102)
  })
})

describe('statistics', () => {
  it('knows the mean and the mean of the worst', () => {
    expect(mean([1, 2, 6])).toBe(3)
    expect(worst(range(1, 40))).toBe(39.5)
  })

  it('returns an interval that holds the mean, the same one each time', () => {
    const values = range(1, 100)
    const { low, mean: middle, high } = interval(values)

    expect([low < middle, middle < high]).toEqual([true, true])
    // Two standard errors of the mean to each side.
    expect(high - low).toBeGreaterThan(9)
    expect(high - low).toBeLessThan(14)
    expect(interval(values)).toEqual({ low, mean: middle, high })
  })
})

describe('Findings', () => {
  it('compares policies in the same scenario, beyond the oracle', () => {
    const findings = new Findings([
      outcome('oracle', 1, 10),
      outcome('auto', 1, 30),
      outcome('simple', 1, 45),
      outcome('oracle', 2, 100),
      outcome('auto', 2, 100),
      outcome('simple', 2, 105),
    ])

    expect(findings.costs.of('auto', [1, 2])).toEqual([20, 0])
    expect(findings.costs.difference('simple', 'auto', [1, 2])).toEqual([15, 5])
    expect(findings.names).toEqual(['oracle', 'auto', 'simple'])
  })
})

describe('the Markov chain', () => {
  it('needs as many calls as failures when all fail', () => {
    expect(callsToTrip(1, 3)).toBeCloseTo(4, 1)
    // 10 do not suffice: the score has faded a little meanwhile.
    expect(callsToTrip(1, 1)).toBeCloseTo(11, 1)
  })

  it('agrees with a breaker', { timeout: 30_000 }, () => {
    for (const { failures, share, computed, measured } of falseTrips(300)) {
      // Four standard errors of 300 trips.
      expect(Math.abs(measured / computed - 1), `${share} ${failures}`).toBeLessThan(0.24)
    }
  })
})

describe('auto', () => {
  it('trips on a hang in about a second, long before the call timeout', async () => {
    const { hang } = await runNamed(['auto', 'simple'])

    expect(hang[0]?.toTrip).toBeLessThan(1_500)
    expect(hang[1]?.toTrip).toBeGreaterThan(Number(HANG.traffic?.timeout))
  })

  it('keeps the goodput of a dependency that is late but healthy', async () => {
    const { late } = await runNamed(['auto'])

    expect(LATE.dependency.script).toContain('latency x60')
    expect(late[0]?.kept).toBeGreaterThan(0.98)
  })
})

describe('the page', () => {
  it('keeps what was written by hand and replaces the rest', () => {
    const names = policies.map(({ name }) => name)
    const seeds = range(0, faultTypes.length - 1)
    const outcomes = seeds.flatMap((seed) =>
      names.map((name, i) => ({
        ...outcome(name, seed, 10 * i + seed),
        fault: faultTypes[seed] as FaultType,
      })),
    )
    const results: Results = {
      findings: new Findings(outcomes),
      named: { hang: [], late: [] },
      falseTrips: [],
      versions: { opossum: '1.2.3' },
      before: 'simple',
    }
    const before =
      'by hand\n\n<!-- from here on written by npm run bench:policy -->\n\nof yesterday'

    const text = page(before, results)

    expect(text).toMatch(/^by hand\n\n<!-- .* -->\n\n## Results\n\n16 scenarios, seeds 0 to 15/)
    expect(text).not.toContain('of yesterday')
    expect(text).not.toMatch(/NaN|undefined/)
    expect(plot(results.findings)).not.toMatch(/NaN|undefined/)
    expect(statements(results.findings, 'simple')).toHaveLength(5)
  })
})
