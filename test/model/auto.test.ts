import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Machine } from '../../src/core/machine.ts'
import { tripsOf } from '../../src/core/machine-data.ts'
import type { MachineSettings } from '../../src/core/settings.ts'
import { admit, settingsOf, settle } from '../helpers/core.ts'
import { runsAsked, seedOfRun } from './runs.ts'

// What the documents say of the defaults, computed again from everything that has happened.

const SLOW = 800
const SPAN = 250
const THRESHOLD = 10

interface Heard {
  readonly at: number
  readonly outcome: 'success' | 'failure' | 'neutral' | 'cancelled'
  readonly took: number
}

function weightOf({ took }: Heard): number {
  return took >= SLOW ? 3 : 1
}

/** Whether a score that decays opens at the last of the calls: recomputed from the first one on. */
function scoreOpens(heard: readonly Heard[]): boolean {
  let score = 0
  let at = 0
  let above0Since = Number.NaN
  for (const call of heard) {
    score *= Math.exp((at - call.at) / 120_000)
    at = call.at
    if (call.outcome === 'success') score = Math.max(0, score - 3.5)
    if (call.outcome !== 'failure') continue
    if (score === 0) above0Since = at
    score = Math.min(THRESHOLD, score + weightOf(call))
  }
  return score >= THRESHOLD && at - above0Since >= SPAN
}

/** Whether the failures after the last success do: 30 of them, or a third as many slow ones. */
function streakOpens(heard: readonly Heard[]): boolean {
  const failures = heard
    .slice(heard.findLastIndex(({ outcome }) => outcome === 'success') + 1)
    .filter(({ outcome }) => outcome === 'failure')
  const sum = failures.reduce((total, call) => total + weightOf(call), 0)
  const lasted = Number(failures.at(-1)?.at) - Number(failures[0]?.at)
  return sum >= 3 * THRESHOLD && lasted >= SPAN
}

const evidence = { threshold: THRESHOLD, slowerThan: SLOW, minimumSpan: SPAN, overdue: false }
const step = fc.record({
  gap: fc.constantFrom(0, 1, 9, 10, 249, 250, 1_000, 12_000, 60_000, 3_600_000),
  outcome: fc.constantFrom(...(['failure', 'failure', 'failure', 'failure', 'success'] as const)),
  took: fc.constantFrom(0, 1, 799, 800, 5_000),
})
const rare = fc.record({
  gap: fc.constantFrom(0, 60_000),
  outcome: fc.constantFrom(...(['neutral', 'cancelled'] as const)),
  took: fc.constantFrom(0, 5_000),
})
/** Mostly one kind of call again and again: chance alone seldom comes to 30 failures. */
const spell = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: step }, rare), fc.integer({ min: 1, max: 35 }))
  .map(([call, times]) => Array.from({ length: times }, () => call))

describe('the default rule, against what is recomputed from all calls', () => {
  it('opens at the same call', () => {
    const opened = { byScore: 0, byStreak: 0, never: 0 }
    const property = fc.property(fc.array(spell, { maxLength: 12 }), (spells) => {
      const settings = settingsOf({ maxFailures: Infinity, trip: { evidence } })
      const machine = new Machine(settings, 0, () => 0.5)
      const heard: Heard[] = []
      let now = 0
      for (const { gap, outcome, took } of spells.flat()) {
        now += gap
        const permit = admit(machine, now)
        now += took
        settle(machine, permit, outcome, now)
        heard.push({ at: now, outcome, took })
        const byScore = outcome === 'failure' && scoreOpens(heard)
        const byStreak = outcome === 'failure' && streakOpens(heard)
        expect(machine.state.name).toBe(byScore || byStreak ? 'open' : 'closed')
        if (!byScore && !byStreak) continue
        const [trip] = tripsOf(machine)
        expect(trip?.finding?.within === undefined).toBe(byScore)
        opened[byScore ? 'byScore' : 'byStreak']++
        return
      }
      opened.never++
    })

    fc.assert(property, { numRuns: runsAsked(600), seed: seedOfRun() })

    expect(Math.min(...Object.values(opened)), JSON.stringify(opened)).toBeGreaterThan(10)
  })
})

describe('the automatic open time, against what is recomputed from all probes', () => {
  it('goes by the last success, the traffic and the probe that failed', () => {
    const settings: MachineSettings = {
      ...settingsOf({ maxFailures: 1, probes: 1_000, concurrent: 1, probeTimeout: 20_000 }),
      openDuration: { kind: 'auto' },
    }
    const probe = fc.record({
      late: fc.constantFrom(0, 1, 1_000, 600_000),
      took: fc.constantFrom(0, 10, 1_000, 4_499, 4_500, 10_000, 20_000),
      end: fc.constantFrom('failure', 'failure', 'failure', 'success', 'neutral', 'cancelled'),
    })
    const property = fc.property(
      fc.array(probe, { maxLength: 30 }),
      fc.constantFrom(1, 100, 20_000),
      (probes, every) => {
        const machine = new Machine(settings, 0, () => 0.5)
        let now = 1_000
        for (let at = 0; at < now; at += every) settle(machine, admit(machine, at), 'success', at)
        settle(machine, admit(machine, now), 'failure', now)
        let worked = now
        for (const { late, took, end } of probes) {
          now += (machine.retryAfter(now) ?? 0) + late
          const permit = admit(machine, now)
          now += took
          // One of 20 s has expired by then.
          const hung = took === 20_000
          settle(machine, permit, end as Heard['outcome'], now)
          if (!hung && (end === 'success' || end === 'neutral')) worked = now
          if (!hung && end !== 'failure') continue
          const cost = hung ? 1 : Math.min(1, 0.1 + 0.2 * (took / 1_000))
          const root = Math.sqrt((2 * cost * (now - worked)) / (machine.rate?.perMs ?? 0))
          const expected = Math.min(60_000, Math.max(1_000, root))
          expect(tripsOf(machine).at(-1)?.openFor).toBeCloseTo(expected, 6)
        }
      },
    )

    fc.assert(property, { numRuns: runsAsked(300), seed: seedOfRun() })
  })
})
