import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  machineAsText,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  revive,
  saveAt,
  settle,
} from '../../test/helpers/core.ts'
import type { Machine } from './machine.ts'

function closedAfterAll(): Machine {
  const machine = createMachine()
  callTimes(machine, 3, 'failure', 10)
  callOnce(machine, 'failure', 2_000, { retryAfter: 1_500 })
  callOnce(machine, 'success', 5_000)
  callOnce(machine, 'neutral', 5_000)
  callOnce(machine, 'failure', 5_100, { timedOut: true, retryAfter: 4_000 })
  return machine
}

function openByProbe(): Machine {
  const machine = openMachine()
  callOnce(machine, 'failure', RESET_TIMEOUT)
  for (let i = 0; i < 3; i++) machine.admit(RESET_TIMEOUT)
  return machine
}

function halfOpen(): Machine {
  const { machine, probes } = probedMachine({ probes: 3, concurrent: 2 })
  settle(machine, probes[0] as never, 'success', RESET_TIMEOUT)
  settle(machine, probes[1] as never, 'cancelled', RESET_TIMEOUT)
  machine.admit(RESET_TIMEOUT)
  return machine
}

function trippedByHand(): Machine {
  const machine = createMachine()
  machine.trip(100, { reason: 'maintenance' })
  return machine
}

const SITUATIONS: readonly { name: string; at: number; create: () => Machine }[] = [
  { name: 'new', at: 0, create: () => createMachine() },
  { name: 'closed with evidence', at: 5_200, create: closedAfterAll },
  { name: 'open', at: 400, create: () => openMachine() },
  { name: 'open with its time up', at: 1_400, create: () => openMachine() },
  { name: 'open by a failed probe', at: 1_400, create: openByProbe },
  { name: 'open by hand', at: 400, create: trippedByHand },
  { name: 'half-open', at: 1_100, create: halfOpen },
  { name: 'half-open with a probe past its deadline', at: 9_000, create: halfOpen },
  ...(['forced-open', 'forced-closed', 'disabled'] as const).map((mode) => ({
    name: mode,
    at: 400,
    create: () => {
      const machine = openMachine()
      machine.force(mode, 100, { by: 'ada', reason: 'deploy', for: 500 })
      return machine
    },
  })),
  {
    name: 'overridden until released by hand',
    at: 400,
    create: () => {
      const machine = createMachine()
      machine.force('forced-open', 100, {})
      return machine
    },
  },
]

describe.each(SITUATIONS)('what is saved of a machine that is $name', ({ at, create }) => {
  it('is plain data that JSON keeps as it is', () => {
    const saved = saveAt(create(), at)

    expect(JSON.parse(JSON.stringify(saved))).toEqual(saved)
    expect(saved.version).toBe(1)
  })

  it('leaves the machine alone', () => {
    const machine = create()
    const before = machineAsText(machine)

    saveAt(machine, at)

    expect(machineAsText(machine)).toBe(before)
  })

  it.each([0, 1.7e12, -50])('is saved the same when restored with a clock at %d', (clockTime) => {
    const machine = create()

    const restored = revive(machine, at, {}, clockTime)

    expect(saveAt(restored, clockTime)).toEqual(saveAt(machine, at))
  })

  it('shows the same state and override when restored', () => {
    const machine = create()
    const before = machine.peek(at)

    const restored = revive(machine, at)

    expect(restored.state).toMatchObject({
      name: before.state.name,
      generation: before.state.generation,
    })
    expect(restored.override?.mode).toBe(before.override?.mode)
    expect(restored.counters.inFlight).toBe(0)
    expect(restored.changes).toEqual([])
  })

  it.each([1, 99, 100, 101, 599, 600, 601, 1_000, 5_000])(
    'returns a machine that finds %d ms later what the first one would find',
    (later) => {
      const machine = create()
      const { state, override } = machine.peek(at + later)

      const restored = revive(machine, at).peek(later)

      // Probes are in flight in the first only, so the second cannot see them expire.
      if (machine.counters.inFlight === 0) expect(restored.state.name).toBe(state.name)
      expect(restored.override?.mode).toBe(override?.mode)
    },
  )
})

describe('save', () => {
  it('tells ages, never times: it does not depend on when it all happened', () => {
    const saved = [0, 7_777, 1.7e12].map((start) => {
      const machine = openMachine({}, start)
      machine.admit(start + 5)
      return saveAt(machine, start + 400)
    })

    expect(saved[1]).toEqual(saved[0])
    expect(saved[2]).toEqual(saved[0])
  })

  it('tells the ages of an open circuit, its trip and the failures', () => {
    const machine = createMachine({ maxFailures: 2 })
    callTimes(machine, 1, 'failure', 10)
    callTimes(machine, 1, 'failure', 100)

    expect(saveAt(machine, 400)).toMatchObject({
      state: { name: 'open', for: 300, remaining: 700, trip: { age: 300, endedAge: null } },
      trips: [{ age: 300, failures: [{ age: 390, code: null }, { age: 300 }] }],
    })
  })

  it('tells the ages of the end of a trip', () => {
    const machine = openMachine()
    callOnce(machine, 'success', RESET_TIMEOUT)

    expect(saveAt(machine, 1_200).trips).toMatchObject([
      { age: 1_200, endedAge: 200, endedBy: 'recovered' },
    ])
  })

  it('tells for how long Retry-After still holds', () => {
    const machine = createMachine()
    callOnce(machine, 'failure', 0, { retryAfter: 5_000 })

    expect(saveAt(machine, 2_000).state).toMatchObject({ notBefore: 3_000 })
    expect(saveAt(machine, 9_000).state).toMatchObject({ notBefore: 0 })
  })

  it('tells how long an override has been and will be in place', () => {
    const machine = createMachine()
    machine.force('disabled', 100, { for: 500 })

    expect(saveAt(machine, 400).override).toEqual({
      mode: 'disabled',
      reason: null,
      by: null,
      for: 300,
      remaining: 200,
    })
  })

  it('leaves calls in flight out', () => {
    const machine = createMachine()
    callTimes(machine, 2, 'success')
    admit(machine, 0)

    expect(saveAt(machine, 0).counts).toMatchObject({ admitted: 2, settled: 2 })
  })
})
