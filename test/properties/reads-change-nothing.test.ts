import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { save } from '../../src/core/save.ts'
import { explain } from '../../src/inspect/explain.ts'
import { machineAsText } from '../helpers/core.ts'
import { operation } from '../model/operations.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'
import { Drive, everySetting } from './drive.ts'

const operations = fc.array(operation, { maxLength: 60, size: 'max' })
const ahead = fc.constantFrom(0, 0, 1, 50, 501, 5_000, 1e6)
const seed = seedOfRun()
process.stdout.write(`pure-reads: MODEL_SEED=${seed}\n`)

/** Checks a reading after every operation, now or later, under every setting. */
function always(check: (drive: Drive, reading: number) => void): void {
  const property = fc.property(everySetting, operations, ahead, (settings, operations, ahead) => {
    const drive = new Drive(settings)
    for (const operation of operations) {
      drive.run(operation)
      check(drive, drive.reading + ahead)
    }
  })
  fc.assert(property, { seed, numRuns: runsAsked(300) })
}

/** All that is seen of a machine, but for what asking for a permit changes. */
function seen(machine: Drive['machine'], reading: number): unknown {
  const { counts, rate: _, ...saved } = save(machine, machine.now(reading))
  const { rejected: __, ...totals } = counts
  return JSON.parse(
    JSON.stringify({ ...saved, totals, changes: machine.changes }, (key, value) =>
      key === 'rejected' ? undefined : value,
    ),
  )
}

describe('pure-reads', () => {
  it('change nothing, whatever is due', () => {
    always(({ machine }, reading) => {
      const before = machineAsText(machine)

      const view = machine.peek(reading)
      save(view, view.now(reading))
      explain('users', view, view.now(reading), 0)
      view.retryAfter(reading)

      expect(machineAsText(machine)).toBe(before)
    })
  })

  it('show what the next call finds', () => {
    always(({ machine }, reading) => {
      const view = machine.peek(reading)
      const next = machine.clone()

      next.admit(reading)

      expect(seen(view, reading)).toEqual(seen(next, reading))
    })
  })

  it('show the same when they read what was read', () => {
    always(({ machine }, reading) => {
      const view = machine.peek(reading)

      expect(machineAsText(view.peek(reading))).toBe(machineAsText(view))
    })
  })
})
