import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { trySettle } from '../../src/core/fast-path.ts'
import { Machine } from '../../src/core/machine.ts'
import type { Permit } from '../../src/core/permit.ts'
import type { MachineSettings } from '../../src/core/settings.ts'
import { admitFast, classificationOf, machineAsText } from '../helpers/core.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'
import { everySetting } from './drive.ts'

const seed = seedOfRun()
process.stdout.write(`fast-path: MODEL_SEED=${seed}\n`)

/** Statistics, and most rules, leave no way but the long one. */
const setting = fc
  .tuple(everySetting, fc.boolean())
  .map(([settings, few]) =>
    few
      ? { ...settings, statistics: false, trip: { ...settings.trip, slowCallRate: undefined } }
      : settings,
  )

/** Nothing here measures durations, until something else is configured. */
const untimed = everySetting.map((settings) => ({
  ...settings,
  statistics: false,
  trip: { ...settings.trip, slowCallRate: undefined, evidence: undefined },
  recovery: { kind: 'probes', probes: 1, successes: 1, concurrent: 1, timeout: 500 } as const,
}))

const stepsWith = (settings: fc.Arbitrary<MachineSettings>) =>
  fc.array(
    fc.record({
      outcome: fc.constantFrom('success', 'success', 'success', 'failure'),
      lasts: fc.constantFrom(0, 0.01, 0.3, 1, 60, 700),
      waits: fc.constantFrom(0, 0.01, 2, 40, 1_100),
      configured: fc.option(settings, { nil: undefined, freq: 20 }),
    } as const),
    { minLength: 20, maxLength: 120 },
  )

/** Two machines that are told the same, one of them by the fast path where it is open. */
function pair(settings: MachineSettings): { quick: Machine; thorough: Machine } {
  const create = (): Machine => new Machine(settings, 0, () => 0.5)
  return { quick: create(), thorough: create() }
}

describe('the fast path', () => {
  it('takes in a call with a permit as the long way does without a reading of the clock', () => {
    let taken = 0
    const property = fc.property(setting, stepsWith(everySetting), (settings, calls) => {
      const { quick, thorough } = pair(settings)
      let reading = 0
      for (const { outcome, lasts, waits, configured } of calls) {
        reading += waits
        for (const value of [quick, thorough]) if (configured) value.configure(configured, reading)
        const long = thorough.admit(reading)
        const short = quick.admit(reading)
        if (typeof long === 'string') {
          expect(short).toBe(long)
          for (const value of [quick, thorough]) value.reset(reading)
          continue
        }
        reading += lasts
        const verdict = classificationOf(outcome)
        const quickly = outcome === 'success' && trySettle(quick, short as Permit)
        if (!quickly) quick.settle(short as Permit, verdict, reading)
        thorough.settle(long, verdict, quickly ? Number.NaN : reading)
        if (quickly) taken++
        expect(machineAsText(quick)).toBe(machineAsText(thorough))
      }
    })

    fc.assert(property, { seed, numRuns: runsAsked(200) })
    expect(taken).toBeGreaterThan(runsAsked(200) / 4)
  })

  it('takes in a call under the shared permit as the long way does at any time', () => {
    let taken = 0
    const property = fc.property(
      untimed,
      stepsWith(fc.oneof({ weight: 9, arbitrary: untimed }, everySetting)),
      (settings, calls) => {
        const { quick, thorough } = pair(settings)
        let reading = 0
        for (const { outcome, lasts, waits, configured } of calls) {
          reading += waits
          for (const value of [quick, thorough])
            if (configured) value.configure(configured, reading)
          if (quick.state.name !== 'closed')
            for (const value of [quick, thorough]) value.reset(reading)
          const [short, long] = [admitFast(quick), admitFast(thorough)]
          if (short === null || long === null) {
            expect(short).toBe(long)
            continue
          }
          reading += lasts
          const verdict = classificationOf(outcome)
          const quickly = outcome === 'success' && trySettle(quick, short)
          if (!quickly) quick.settle(short, verdict, reading)
          thorough.settle(long, verdict, reading)
          if (quickly) taken++
          // Now both know the time.
          for (const machine of [quick, thorough]) machine.release(reading)
          expect(machineAsText(quick)).toBe(machineAsText(thorough))
        }
      },
    )

    fc.assert(property, { seed, numRuns: runsAsked(200) })
    expect(taken).toBeGreaterThan(runsAsked(200) / 4)
  })
})
