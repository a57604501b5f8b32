import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
  verdictOf,
} from '../../../test/helpers.ts'
import { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'
import type { OpenDuration } from '../recovery/open-duration.ts'
import type { Closed } from '../state/closed.ts'
import type { EvidenceSettings } from '../trip/evidence.ts'

const evidence: EvidenceSettings = {
  threshold: 10,
  slowerThan: 5_000,
  minimumSpan: 0,
  overdue: true,
}

/** It knows from twenty calls that they take 10 ms, and counts those in flight; it is now 200. */
function watchful(): Machine {
  const machine = createMachine({ maxFailures: Infinity, trip: { evidence } })
  for (let end = 10; end <= 200; end += 10) {
    settle(machine, admit(machine, end - 10), 'success', end)
  }
  return machine
}

describe('reading a machine', () => {
  it('gives the machine itself where nothing is due', () => {
    const machine = createMachine()
    expect(machine.peek(1e6)).toBe(machine)

    machine.force('forced-open', 0, {})
    expect(machine.peek(1e6)).toBe(machine)
  })

  it('gives the machine itself while its calls in flight are not overdue', () => {
    const machine = watchful()
    for (let i = 0; i < 4; i++) admit(machine, 200)

    expect(machine.peek(699)).toBe(machine)
    expect(machine.peek(700).state.name).toBe('open')
  })
})

describe('the readings of the rules', () => {
  it.each([0, RESET_TIMEOUT])('are none while the circuit is not closed, at %d', (at) => {
    expect(openMachine().peek(at).ruleStatuses(at)).toEqual([])
  })
})

describe('a call that was overdue', () => {
  it('ends in peace when the rule that charged it has been taken away', () => {
    const machine = watchful()
    const permit = admit(machine, 200)
    machine.admit(900)
    machine.configure(settingsOf(), 900)

    expect(settle(machine, permit, 'success', 1_000)).toBe(true)
  })

  it.each([
    { outcome: 'success', floor: 1_500 },
    { outcome: 'failure', floor: 0 },
    { outcome: 'cancelled', floor: 0 },
  ] as const)('tells what is normal by succeeding only: $outcome', ({ outcome, floor }) => {
    const machine = watchful()
    const permit = admit(machine, 200)
    machine.admit(900)

    settle(machine, permit, outcome, 1_200)

    expect(machine.baseline.floor).toBe(floor)
  })

  it('tells what is normal also when it has opened the circuit in the meantime', () => {
    const machine = watchful()
    const permits = Array.from({ length: 4 }, () => admit(machine, 200))
    machine.admit(900)
    expect(machine.state.name).toBe('open')

    settle(machine, permits[0] as Permit, 'success', 1_200)

    expect(machine.baseline.floor).toBe(1_500)
  })

  it('is no matter for a half-open circuit with probes, which has a deadline for them', () => {
    const machine = watchful()
    machine.configure(settingsOf({ probeTimeout: 3_000 }), 200)
    machine.trip(200)
    admit(machine, 1_200)

    expect(machine.peek(4_199)).toBe(machine)
    expect(machine.peek(4_200).state.name).toBe('open')
  })
})

describe('a call without a permit of its own', () => {
  it('ends after an override that has expired meanwhile', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('forced-closed', 0, { for: 100 })
    machine.enter()

    machine.conclude(machine.state as Closed, verdictOf('failure'), 150)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: true })
  })

  it('leaves no trace in the statistics, for nobody has measured it', () => {
    const machine = createMachine({ statistics: true })
    machine.enter()

    machine.conclude(machine.state as Closed, verdictOf('neutral'), 10)

    expect(machine.statistics?.latency.count).toBe(0)
    expect(machine.statistics?.recent(10)).toMatchObject({ neutral: 0 })
  })
})

describe('the traffic', () => {
  it.each([
    { kind: 'auto', perMs: 0.1 },
    { kind: 'fixed', perMs: 0 },
  ] as const)('is looked at now and then by calls, if need be: $perMs for $kind', (row) => {
    const openDuration = row.kind === 'auto' ? { kind: row.kind } : { kind: row.kind, ms: 1_000 }
    const machine = new Machine({ ...settingsOf(), openDuration }, 0, () => 0.5)

    callTimes(machine, 99, 'success', 10)
    callOnce(machine, 'success', 1_000)

    expect(machine.rate.perMs).toBeCloseTo(row.perMs, 2)
  })

  it('is looked at by each opening', () => {
    const machine = createMachine()
    callTimes(machine, 90, 'success', 10)

    machine.trip(900)

    expect(machine.rate.perMs).toBeCloseTo(0.1)
  })
})

describe('at one and the same moment', () => {
  it('an override lifts before the open time is over', () => {
    const machine = openMachine()
    machine.force('forced-closed', 0, { for: RESET_TIMEOUT })

    machine.admit(RESET_TIMEOUT)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'half-open', enforced: true })
  })
})

describe('an open time of chance', () => {
  it('is not drawn again by a change of other settings', () => {
    let drawn = 0
    const openDuration = { kind: 'growing', initial: 1_000, max: 9_000, factor: 2, jitter: 0.5 }
    const settings = { ...settingsOf(), openDuration: openDuration as OpenDuration }
    const machine = new Machine(settings, 0, () => (drawn++ % 4) / 4)
    callTimes(machine, 3, 'failure')
    const { openFor } = machine.trips[0] as { openFor: number }

    machine.configure({ ...settings, history: 5, openDuration: { ...settings.openDuration } }, 0)

    expect(machine.trips[0]?.openFor).toBe(openFor)
    expect(machine.retryAfter(0)).toBe(openFor)
  })
})

describe('a half-open circuit', () => {
  it("takes the server's word from probes that fail only", () => {
    const { machine, probes } = probedMachine({ probes: 2 })
    settle(machine, probes[0] as Permit, 'neutral', RESET_TIMEOUT, { retryAfter: 60_000 })

    settle(machine, probes[1] as Permit, 'failure', RESET_TIMEOUT)

    expect(machine.trips[0]?.openFor).toBe(RESET_TIMEOUT)
  })

  it('still counts the probes that are out when its way back is replaced', () => {
    const { machine } = probedMachine({ probes: 1 })
    const slowStart = { successes: 5, quietFor: 0, timeout: 3_000, slowerThan: 2_000 }

    machine.configure(
      { ...settingsOf(), recovery: { kind: 'slowStart', ...slowStart } },
      RESET_TIMEOUT,
    )

    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
  })
})

describe('the record of a trip that is prolonged by hand', () => {
  it('tells for how long the circuit is open in all', () => {
    const machine = createMachine()
    callTimes(machine, 3, 'failure', 100)

    machine.trip(900)

    expect(machine.trips[0]?.openFor).toBe(RESET_TIMEOUT + 800)
  })
})
