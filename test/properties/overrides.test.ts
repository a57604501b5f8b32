import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Permit } from '../../src/core/permit.ts'
import { classificationOf, saveAt } from '../helpers/core.ts'
import { heard } from '../model/operations.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'
import { Drive, everySetting } from './drive.ts'

vi.setConfig({ testTimeout: 600_000 })
const seed = seedOfRun()
process.stdout.write(`override-dominance: MODEL_SEED=${seed}\n`)

/** A call and how it ends, some time later; calls overlap. */
const traffic = fc.array(
  fc.record({ heard, wait: fc.constantFrom(0, 1, 10, 100, 500, 1_000), hangs: fc.boolean() }),
  { maxLength: 40, size: 'max' },
)

function holds<T>(property: fc.IProperty<T>): void {
  fc.assert(property, { seed, numRuns: runsAsked(500) })
}

/** What the automatic state is, without what the override itself changes: totals, records, words. */
function automatic({ machine, reading }: Drive): unknown {
  const { state, generation, openings } = saveAt(machine, reading)
  return { ...state, trip: undefined, generation, openings }
}

describe('override-dominance', () => {
  it('admits nothing while forced open, and shows the state of a machine without calls after', () => {
    holds(
      fc.property(everySetting, traffic, traffic, (settings, before, during) => {
        const forced = new Drive(settings)
        const untouched = new Drive(settings)
        for (const { heard, wait } of before) {
          for (const drive of [forced, untouched]) {
            drive.reading += wait
            drive.run({ do: 'call', heard })
          }
        }
        forced.machine.force('forced-open', forced.reading, {})
        for (const { wait } of during) {
          forced.reading += wait
          untouched.reading += wait
          expect(forced.machine.admit(forced.reading)).toBe('forced-open')
        }

        for (const { machine, reading } of [forced, untouched]) machine.release(reading)

        expect(automatic(forced)).toEqual(automatic(untouched))
      }),
    )
  })

  it('rejects nothing while forced closed, and moves below as if it were not there', () => {
    holds(
      fc.property(everySetting, traffic, (settings, traffic) => {
        const forced = new Drive(settings)
        const free = new Drive(settings)
        forced.machine.force('forced-closed', 0, {})
        for (const { heard, wait, hangs } of traffic) {
          forced.reading = free.reading += wait
          const allowed = forced.machine.admit(forced.reading)
          const decided = free.machine.admit(free.reading)
          expect(allowed).toBeInstanceOf(Permit)
          if (hangs) continue
          const { outcome, ...about } = heard
          const verdict = classificationOf(outcome, about)
          forced.machine.settle(allowed as Permit, verdict, forced.reading)
          if (decided instanceof Permit) free.machine.settle(decided, verdict, free.reading)
        }

        // Both look at the clock once more: what the last call has taught may make others overdue.
        for (const { machine, reading } of [forced, free]) machine.release(reading)

        expect(automatic(forced)).toEqual(automatic(free))
      }),
    )
  })

  it('rejects and records nothing while disabled', () => {
    holds(
      fc.property(everySetting, traffic, traffic, (settings, before, during) => {
        const drive = new Drive(settings)
        for (const { heard, wait } of before) {
          drive.reading += wait
          drive.run({ do: 'call', heard })
        }
        drive.machine.force('disabled', drive.reading, {})
        const counts = JSON.stringify(drive.machine.counters.read())
        for (const { heard, wait } of during) {
          drive.reading += wait
          expect(drive.run({ do: 'call', heard })).toBe(false)
        }

        expect(drive.permits).toEqual([])
        expect(JSON.stringify(drive.machine.counters.read())).toBe(counts)
      }),
    )
  })
})
