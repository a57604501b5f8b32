import { describe, expect, it } from 'vitest'
import {
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Change } from '../state/override.ts'

/** What the machine has to publish of what is done to it. */
function changesOf(machine: Machine, act: (machine: Machine) => unknown): Change[] {
  machine.changes.length = 0
  act(machine)
  return machine.changes
}

const enforced = true

describe('the changes that a machine has to publish', () => {
  it('are there from the first transition until they are taken off', () => {
    const machine = createMachine()
    const before = machine.hasChanges
    machine.trip(0)
    const tripped = machine.hasChanges
    machine.changes.length = 0

    expect([before, tripped, machine.hasChanges]).toEqual([false, true, false])
  })

  it('are none, and neither are trips, while it is new', () => {
    const machine = createMachine()
    const [changes, trips] = [machine.changes, tripsOf(machine)]

    expect([changes, trips]).toEqual([[], []])
  })

  it('are none of a call that moves nothing', () => {
    const machine = createMachine()

    callOnce(machine, 'success', 0)
    callOnce(machine, 'failure', 0)

    expect(machine.changes).toEqual([])
  })

  it('are a transition with both states, the reason and the generation that it starts', () => {
    expect(openMachine().changes).toEqual([
      { from: 'closed', to: 'open', reason: 'consecutiveFailures', generation: 2, enforced },
    ])
  })

  it('are the transition to half-open when its time is up', () => {
    expect(changesOf(openMachine(), (machine) => machine.admit(RESET_TIMEOUT))).toEqual([
      { from: 'open', to: 'half-open', reason: 'elapsed', generation: 3, enforced },
    ])
  })

  it.each([
    { outcome: 'success', to: 'closed', reason: 'recovered' },
    { outcome: 'failure', to: 'open', reason: 'probeFailed' },
  ] as const)('are the decision of the probe: $outcome', ({ outcome, to, reason }) => {
    const changes = changesOf(openMachine(), (value) => callOnce(value, outcome, RESET_TIMEOUT))

    expect(changes.at(-1)).toEqual({ from: 'half-open', to, reason, generation: 4, enforced })
  })

  it('are all that one late call finds due, in order', () => {
    const { machine } = probedMachine()

    const changes = changesOf(machine, (value) => value.admit(10 * RESET_TIMEOUT))

    expect(changes).toEqual([
      { from: 'half-open', to: 'open', reason: 'probeExpired', generation: 4, enforced },
      { from: 'open', to: 'half-open', reason: 'elapsed', generation: 5, enforced },
    ])
  })

  it('are those by hand too', () => {
    const changes = changesOf(createMachine(), (machine) => {
      machine.trip(0)
      machine.reset(0)
    })

    expect(changes).toEqual([
      { from: 'closed', to: 'open', reason: 'manual', generation: 2, enforced },
      { from: 'open', to: 'closed', reason: 'reset', generation: 3, enforced },
    ])
  })

  it('are no transition when a closed circuit is reset, although its generation ends', () => {
    const machine = createMachine()

    machine.reset(0)

    expect(machine.changes).toEqual([])
    expect(machine.state.generation).toBe(2)
  })

  it('are an override that is set and one that is released', () => {
    const machine = createMachine()
    const override = machine.force('disabled', 0, {})
    machine.release(0)

    expect(machine.changes).toEqual([{ override }, { override: undefined }])
  })

  it('are one override in place of another', () => {
    const machine = createMachine()

    const overrides = [machine.force('disabled', 0, {}), machine.force('forced-open', 0, {})]

    expect(machine.changes).toEqual(overrides.map((override) => ({ override })))
  })

  it.each([
    { verb: 'a call', act: (value: Machine) => value.admit(100) },
    { verb: 'a release', act: (value: Machine) => value.release(100) },
  ])('are the end of an override whose time is over, at $verb', ({ act }) => {
    const machine = createMachine()
    machine.force('disabled', 0, { for: 100 })

    expect(changesOf(machine, act)).toEqual([{ override: undefined }])
  })

  it('are the end of an expired override before the next one', () => {
    const machine = createMachine()
    machine.force('disabled', 0, { for: 100 })

    const changes = changesOf(machine, (value) => value.force('forced-open', 100, {}))

    expect(changes).toEqual([{ override: undefined }, { override: machine.override }])
  })

  it('say that a transition is not enforced while an override decides', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('forced-closed', 0, {})

    const changes = changesOf(machine, (value) => {
      callTimes(value, 1, 'failure', 0)
      callOnce(value, 'success', RESET_TIMEOUT)
    })

    expect(changes).toMatchObject([
      { to: 'open', enforced: false },
      { to: 'half-open', enforced: false },
      { to: 'closed', enforced: false },
    ])
  })

  it('come after the new state is in place', () => {
    const { machine } = probedMachine()

    machine.admit(RESET_TIMEOUT + PROBE_TIMEOUT)

    expect(machine.changes.at(-1)).toMatchObject({ generation: machine.state.generation })
  })
})
