import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callTimes,
  createMachine,
  failuresInARow,
  machineAsText,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { slowStart } from '../../../test/helpers/slow-start.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import { OUTCOMES } from '../outcome.ts'
import type { Permit } from '../permit.ts'

/** A call of the first generation, still in flight when three others have opened the circuit. */
function straggler(): { machine: Machine; late: Permit } {
  const machine = createMachine({ maxFailures: 3 })
  const late = admit(machine, 0)
  callTimes(machine, 3, 'failure')
  return { machine, late }
}

/** What a machine looks like apart from the two totals that a stale result may change. */
function textWithout(machine: Machine): string {
  const copy = machine.clone()
  copy.counters.ended = 0
  copy.counters.rare.stale = 0
  // Those that have settled leave this list sooner or later.
  copy.detachedProbes = undefined
  return machineAsText(copy)
}

interface Situation {
  readonly name: string
  readonly at: number
  readonly create: () => { machine: Machine; late: Permit }
}

const situations: readonly Situation[] = [
  { name: 'a call of the closed circuit ends while open', at: 10, create: straggler },
  {
    name: 'a call of the closed circuit ends while half-open with no probe in flight',
    at: RESET_TIMEOUT + 10,
    create: () => {
      const { machine, late } = straggler()
      settle(machine, admit(machine, RESET_TIMEOUT), 'cancelled', RESET_TIMEOUT)
      return { machine, late }
    },
  },
  {
    name: 'a call of the closed circuit ends while a probe is in flight',
    at: RESET_TIMEOUT + 10,
    create: () => {
      const { machine, late } = straggler()
      admit(machine, RESET_TIMEOUT)
      return { machine, late }
    },
  },
  {
    name: 'a call of the closed circuit ends when the circuit has recovered',
    at: RESET_TIMEOUT + 10,
    create: () => {
      const { machine, late } = straggler()
      settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT)
      callTimes(machine, 2, 'failure', RESET_TIMEOUT)
      return { machine, late }
    },
  },
  {
    name: 'a call ends after a reset of the closed circuit',
    at: 10,
    create: () => {
      const machine = createMachine({ maxFailures: 3 })
      const late = admit(machine, 0)
      machine.reset(0)
      callTimes(machine, 2, 'failure')
      return { machine, late }
    },
  },
  {
    name: 'a probe ends after another probe has re-opened',
    at: RESET_TIMEOUT + 10,
    create: () => {
      const { machine, probes } = probedMachine({ probes: 2 })
      settle(machine, probes[0] as Permit, 'failure', RESET_TIMEOUT)
      return { machine, late: probes[1] as Permit }
    },
  },
  {
    name: 'a probe ends after the other probes have closed',
    at: RESET_TIMEOUT + 10,
    create: () => {
      const { machine, probes } = probedMachine({ probes: 1, concurrent: 2, maxFailures: 1 })
      settle(machine, probes[0] as Permit, 'success', RESET_TIMEOUT)
      return { machine, late: probes[1] as Permit }
    },
  },
  {
    name: 'a probe of one half-open time ends during the next, with a probe in flight',
    at: 2 * RESET_TIMEOUT + 10,
    create: () => {
      const options = { probes: 2, concurrent: 2, probeTimeout: 10 * RESET_TIMEOUT }
      const { machine, probes } = probedMachine(options)
      settle(machine, probes[0] as Permit, 'failure', RESET_TIMEOUT)
      admitMany(machine, 2, 2 * RESET_TIMEOUT)
      return { machine, late: probes[1] as Permit }
    },
  },
  {
    name: 'a probe ends after the circuit was tripped by hand',
    at: RESET_TIMEOUT + 10,
    create: () => {
      const { machine, probes } = probedMachine()
      machine.trip(RESET_TIMEOUT)
      return { machine, late: probes[0] as Permit }
    },
  },
]

describe.each(situations)('a stale result: $name', ({ at, create }) => {
  it.each(OUTCOMES)('counts a late %s as stale and touches nothing else', (outcome) => {
    const { machine, late } = create()
    machine.release(at)
    const before = { looks: textWithout(machine), ...machine.counters.read() }

    const counted = settle(machine, late, outcome, at, { timedOut: true, retryAfter: 50_000 })

    expect(counted).toBe(false)
    expect(textWithout(machine)).toBe(before.looks)
    expect(machine.counters.read()).toMatchObject({
      settled: before.settled + 1,
      stale: before.stale + 1,
    })
  })

  it('counts once when it settles twice', () => {
    const { machine, late } = create()
    const { stale } = machine.counters.read()

    settle(machine, late, 'success', at)
    settle(machine, late, 'failure', at)

    expect(machine.counters.read().stale).toBe(stale + 1)
  })
})

describe('a machine under stale results', () => {
  it('lets the probe decide after a late failure', () => {
    const { machine, late } = straggler()
    const probe = admit(machine, RESET_TIMEOUT)
    settle(machine, late, 'failure', RESET_TIMEOUT)

    settle(machine, probe, 'success', RESET_TIMEOUT)

    expect(machine.state.name).toBe('closed')
  })

  it('lets the probe decide after a late success', () => {
    const { machine, late } = straggler()
    const probe = admit(machine, RESET_TIMEOUT)
    settle(machine, late, 'success', RESET_TIMEOUT)

    settle(machine, probe, 'failure', RESET_TIMEOUT)

    expect(machine.state.name).toBe('open')
  })

  it('does not close by late successes, however many, without a probe', () => {
    const machine = createMachine({ maxFailures: 1 })
    const late = admitMany(machine, 10, 0)
    callTimes(machine, 1, 'failure')
    settle(machine, admit(machine, RESET_TIMEOUT), 'cancelled', RESET_TIMEOUT)

    for (const permit of late) settle(machine, permit, 'success', RESET_TIMEOUT)

    expect(machine.state.name).toBe('half-open')
  })

  it('does not admit more probes than the limit for late cancelled and neutral calls', () => {
    const machine = createMachine({ maxFailures: 1 })
    const late = admitMany(machine, 8, 0)
    callTimes(machine, 1, 'failure')
    admit(machine, RESET_TIMEOUT)

    for (const permit of late.slice(0, 4)) settle(machine, permit, 'cancelled', RESET_TIMEOUT)
    for (const permit of late.slice(4)) settle(machine, permit, 'neutral', RESET_TIMEOUT)

    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
  })

  it('frees no slot of a half-open time for a probe of an earlier one', () => {
    const { machine, probes } = probedMachine({ probes: 2, concurrent: 2 })
    settle(machine, probes[0] as Permit, 'failure', RESET_TIMEOUT)
    admitMany(machine, 2, 2 * RESET_TIMEOUT)

    settle(machine, probes[1] as Permit, 'cancelled', 2 * RESET_TIMEOUT)

    expect(machine.admit(2 * RESET_TIMEOUT)).toBe('half-open')
  })

  it('ignores the failures of a whole burst but those that opened it', () => {
    const machine = createMachine({ maxFailures: 3 })
    const burst = admitMany(machine, 100, 0)

    for (const permit of burst) settle(machine, permit, 'failure', 1)

    expect(machine.counters.read()).toMatchObject({ failure: 3, stale: 97 })
    expect(tripsOf(machine)).toHaveLength(1)
  })

  it('has no failures in a row from those that come after the recovery', () => {
    const { machine, late } = straggler()
    settle(machine, admit(machine, RESET_TIMEOUT), 'success', RESET_TIMEOUT)

    settle(machine, late, 'failure', RESET_TIMEOUT)

    expect(failuresInARow(machine)).toBe(0)
  })

  it('does what time has made due although the result is stale', () => {
    const { machine, late } = straggler()
    admit(machine, RESET_TIMEOUT)

    settle(machine, late, 'success', RESET_TIMEOUT + PROBE_TIMEOUT)

    expect(machine.state).toMatchObject({ name: 'open', since: RESET_TIMEOUT + PROBE_TIMEOUT })
  })
})

describe('a state that is over', () => {
  /** All that a permit leads to, without the state that is in force. */
  function reachable(from: unknown, machine: Machine, found = new Set<unknown>()): Set<unknown> {
    if (typeof from !== 'object' || from === null || found.has(from) || from === machine.state) {
      return found
    }
    found.add(from)
    for (const value of Object.values(from)) reachable(value, machine, found)
    return found
  }

  it('keeps neither the failure that opened the circuit nor the states before it', () => {
    const machine = createMachine({ maxFailures: 1 })
    const errors: Error[] = []
    const fail = (reading: number): Permit => {
      const error = new Error('down')
      errors.push(error)
      const permit = admit(machine, reading)
      machine.settle(permit, { outcome: 'failure', error }, reading)
      return permit
    }
    const permits = [0, 1, 2, 3].map((opening) => fail(opening * RESET_TIMEOUT))

    for (const permit of permits) {
      const kept = reachable(permit, machine)
      expect(errors.filter((error) => kept.has(error))).toEqual([])
      expect(permits.filter((other) => other !== permit && kept.has(other.state))).toEqual([])
    }
    expect(machine.state).toMatchObject({ name: 'open', cause: errors.at(-1) })
  })

  it('keeps no states before it where each probe hangs', () => {
    const machine = createMachine()
    const recovery = { ...slowStart, timeout: 30_000 }
    machine.configure({ ...settingsOf(), recovery }, 0)
    callTimes(machine, 20, 'success', 0)
    machine.trip(0)
    const states: unknown[] = []
    for (let i = 1; i <= 4; i++) {
      const at = i * 10 * RESET_TIMEOUT
      states.push(admit(machine, at).state)
      machine.admit(at + 500)
    }

    expect(tripsOf(machine)).toMatchObject([{ reopenedBy: 'probeOverdue', reopened: 4 }])
    // Of the last one a late success still closes the circuit.
    expect(machine.state).toMatchObject({ pending: states.at(-1) })
    const kept = reachable(states.at(-1), machine)
    expect(states.filter((state) => kept.has(state))).toEqual([states.at(-1)])
  })
})
