import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { snapshot } from '../../src/inspect/snapshot.ts'
import { saveAt } from '../helpers/core.ts'
import { type Operation, operation } from '../model/operations.ts'
import { runsAsked, seedOfRun } from '../model/runs.ts'
import { Drive, everySetting, longestWait } from './drive.ts'

const operations = fc.array(operation, { maxLength: 60, size: 'max' })
vi.setConfig({ testTimeout: 600_000 })
const seed = seedOfRun()
process.stdout.write(`invariants: MODEL_SEED=${seed}\n`)

function holds<T>(property: fc.IProperty<T>, numRuns = 500): void {
  fc.assert(property, { seed, numRuns: runsAsked(numRuns) })
}

/** Checks after every operation, under every setting. */
function always(check: (drive: Drive, operation: Operation, result: unknown) => void): void {
  holds(
    fc.property(everySetting, operations, (settings, operations) => {
      const drive = new Drive(settings)
      for (const operation of operations) {
        const result = drive.run(operation)
        check(drive, operation, result)
      }
    }),
  )
}

/** All that decides, without the totals, which count what comes too late as well. */
function deciding({ machine, reading }: Drive): unknown {
  const { counts, ...saved } = saveAt(machine, reading)
  return { ...saved, inFlight: probesInFlight(machine) }
}

function probesInFlight({ state }: Drive['machine']): number {
  return state.name === 'half-open' ? state.recovery.inFlight.size : 0
}

describe('no-wedge', () => {
  it('lets a call through within open time and probe deadline, whatever has happened', () => {
    holds(
      fc.property(everySetting, operations, (settings, operations) => {
        const drive = new Drive(settings)
        for (const operation of operations) drive.run(operation)
        drive.machine.release(drive.reading)
        const from = drive.reading
        // Calls that hang keep a closed circuit with maxConcurrent full: that is what it is for.
        while (!drive.admit() && drive.machine.state.name !== 'closed') {
          const wait = drive.machine.retryAfter(drive.reading) as number
          expect(wait).toBeGreaterThanOrEqual(0)
          drive.reading += Math.max(wait, 1)
          expect(drive.reading - from).toBeLessThanOrEqual(longestWait(settings) + 1)
        }
      }),
    )
  })
})

describe('cap', () => {
  it('never has more probes out than the limit that let the last one pass', () => {
    always(({ machine, permits }, operation, passed) => {
      const { state } = machine
      if (state.name !== 'half-open') return
      const out = permits.filter(
        (value) => value.probe && value.open && value.state === state && !value.overdue,
      )
      expect(out.length).toBe(state.recovery.inFlight.size)
      // Those that have delivered take no slot.
      const waiting = out.filter((value) => !value.delivered)
      expect(waiting.length).toBe(state.recovery.inFlight.waiting)
      // A limit may be lowered below what is out; then none is let through.
      const probe = operation.do === 'admit' && passed === true && permits.at(-1)?.probe === true
      if (probe) expect(waiting.length).toBeLessThanOrEqual(state.recovery.limit)
    })
  })
})

describe('exactly-once', () => {
  it('has admitted what is settled, expired or in flight, and counts each end once', () => {
    always(({ machine, inFlight }) => {
      const { admitted, settled, expired, stale, ...counts } = machine.counters.read()
      const heard = counts.success + counts.failure + counts.neutral + counts.cancelled
      expect(admitted).toBe(settled + expired + inFlight)
      expect(settled).toBe(heard + stale)
    })
  })

  it('does nothing when a permit is given back again', () => {
    always((drive) => {
      const { machine, permits, reading } = drive
      const [permit] = permits
      if (permit === undefined) return
      drive.settle(0, { outcome: 'neutral' })
      const before = JSON.stringify(saveAt(machine, reading))
      expect(machine.settle(permit, { outcome: 'failure' }, reading)).toBe(false)
      expect(JSON.stringify(saveAt(machine, reading))).toBe(before)
    })
  })
})

describe('generation', () => {
  it('decides nothing by a result of an earlier one', () => {
    const outcomes = ['success', 'failure', 'neutral', 'cancelled'] as const
    holds(
      fc.property(
        // But for overdue calls: a late success takes back what the missing answer has opened.
        everySetting.filter(({ trip, recovery }) => {
          return !trip.evidence?.overdue && recovery.kind === 'probes'
        }),
        operations,
        fc.constantFrom(...outcomes),
        (settings, operations, outcome) => {
          const drive = new Drive(settings)
          for (const operation of operations) drive.run(operation)
          drive.machine.configure(settings, drive.reading)
          drive.permits.sort((a, b) => a.startedAt - b.startedAt)
          const index = drive.permits.findIndex((value) => value.state !== drive.machine.state)
          fc.pre(index !== -1)
          const before = JSON.stringify(deciding(drive))

          expect(drive.settle(index, { outcome })).toBe(false)

          expect(JSON.stringify(deciding(drive))).toBe(before)
        },
      ),
    )
  })

  it('grows by one with every transition', () => {
    holds(
      fc.property(everySetting, operations, (settings, operations) => {
        const drive = new Drive(settings)
        let generation = 1
        for (const operation of operations) {
          drive.run(operation)
          const { changes, state } = drive.machine
          for (const change of changes.splice(0)) {
            if (!('to' in change)) continue
            // A reset of a closed circuit begins one too, and is no transition.
            expect(change.generation).toBe(generation + 1)
            generation = change.generation
          }
          if (operation.do === 'reset') generation = state.generation
          expect(state.generation).toBe(generation)
        }
      }),
    )
  })
})

describe('clock', () => {
  const anyReading = fc.oneof(
    fc.double(),
    fc.integer({ min: -10, max: 1_000_000 }),
    fc.constantFrom(0, Number.NaN, Infinity, -Infinity, 1e300, -1e300, Number.MAX_VALUE),
  )

  it('survives any sequence of readings: permits are conserved and waiting is never negative', () => {
    holds(
      fc.property(
        everySetting,
        fc.array(fc.tuple(anyReading, operation), { maxLength: 40, size: 'max' }),
        (settings, steps) => {
          const drive = new Drive(settings)
          for (const [reading, operation] of steps) {
            drive.reading = reading
            drive.run(operation)
            const { admitted, settled, expired } = drive.machine.counters.read()
            const view = drive.machine.peek(reading)
            expect(admitted).toBe(settled + expired + drive.inFlight)
            expect(view.retryAfter(reading) ?? 0).toBeGreaterThanOrEqual(0)
          }
        },
      ),
    )
  })

  it('never lets time run backwards, nor faster than the clock', () => {
    always(({ machine, reading }) => {
      const now = machine.now(reading)
      expect(machine.now(reading - 1_000)).toBeLessThanOrEqual(now)
      expect(machine.now(reading + 1_000)).toBeGreaterThanOrEqual(now)
      // But for the last bit, in which two orders of adding may differ.
      expect(machine.now(reading + 1_000)).toBeLessThanOrEqual(now + 1_000 + 1e-6)
    })
  })
})

describe('determinism', () => {
  it('leaves the same trace for the same operations and seed, byte for byte', () => {
    holds(
      fc.property(everySetting, operations, fc.integer(), (settings, operations, seed) => {
        const trace = (): string => {
          const drive = new Drive(settings, seed)
          return JSON.stringify(
            operations.map((operation) => {
              const clock = { now: () => drive.reading, wall: () => 0, setTimer: () => () => {} }
              const result = drive.run(operation)
              return [result, snapshot(drive.machine, { name: 'twice' } as never, clock)]
            }),
          )
        }
        expect(trace()).toBe(trace())
      }),
      200,
    )
  })
})

describe('bounded-memory', () => {
  it('keeps no more after any traffic than its settings have room for', () => {
    always(({ machine, reading }) => {
      const { trips, state } = saveAt(machine, reading)
      expect(trips.length).toBeLessThanOrEqual(machine.settings.history)
      expect('failures' in state ? state.failures.length : 0).toBeLessThanOrEqual(5)
      expect(JSON.stringify(saveAt(machine, reading)).length).toBeLessThan(20_000)
    })
  })
})
