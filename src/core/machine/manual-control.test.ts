import { describe, expect, it } from 'vitest'
import {
  admit,
  callTimes,
  createMachine,
  failuresInARow,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { tripsOf } from '../machine-data.ts'

describe('trip', () => {
  it('opens a closed circuit now, with a new generation', () => {
    const machine = createMachine()

    machine.trip(40)

    expect(machine.state).toMatchObject({ name: 'open', since: 40, generation: 2 })
    expect(machine.admit(40)).toBe('open')
  })

  it.each([
    { at: 40 + RESET_TIMEOUT - 1, state: 'open' },
    { at: 40 + RESET_TIMEOUT, state: 'half-open' },
  ])('opens a circuit that recovers by itself: $state at $at', ({ at, state }) => {
    const machine = createMachine()
    machine.trip(40)

    expect(stateAt(machine, at)).toBe(state)
  })

  it('re-opens a half-open circuit, whose probes then decide nothing', () => {
    const { machine, probes } = probedMachine()

    machine.trip(RESET_TIMEOUT + 5)

    expect(machine.state).toMatchObject({ name: 'open', since: RESET_TIMEOUT + 5 })
    expect(settle(machine, probes[0] as never, 'success', RESET_TIMEOUT + 6)).toBe(false)
  })

  it.each([
    { at: 600 + RESET_TIMEOUT - 1, state: 'open' },
    { at: 600 + RESET_TIMEOUT, state: 'half-open' },
  ])('starts the time of an open circuit again: $state at $at', ({ at, state }) => {
    const machine = openMachine()
    machine.trip(600)

    expect(stateAt(machine, at)).toBe(state)
    expect(machine.state).toMatchObject({ since: 0, generation: 3 })
    expect(tripsOf(machine)).toMatchObject([{ openFor: 600 + RESET_TIMEOUT }])
  })

  it('says so when it was open before, with what it was told last', () => {
    const machine = createMachine()
    machine.trip(0, { reason: 'release', by: 'ann', for: 5_000 })
    machine.changes.length = 0

    machine.trip(100)
    const silent = { ...tripsOf(machine)[0] }
    machine.trip(200, { reason: 'rollback', by: 'bob' })

    expect(machine.changes).toMatchObject([
      { from: 'open', to: 'open', reason: 'manual', note: undefined, by: undefined },
      { from: 'open', to: 'open', reason: 'manual', note: 'rollback', by: 'bob' },
    ])
    expect(silent).toMatchObject({ note: 'release', by: 'ann' })
    expect(tripsOf(machine)).toMatchObject([{ note: 'rollback', by: 'bob' }])
    expect(machine.state).toMatchObject({ retripped: { reason: 'rollback', by: 'bob' } })
  })

  it('keeps the time that was set by hand, counted from then, whatever is configured', () => {
    const machine = createMachine()
    machine.trip(0)
    machine.trip(100, { for: 5_000 })

    machine.configure(settingsOf({ resetTimeout: 7 }), 200)

    expect(machine.state).toMatchObject({ name: 'open', until: 5_100 })
    expect(tripsOf(machine)).toMatchObject([{ openFor: 5_100 }])
  })

  it('re-opens an open circuit whose time is up, as one that is half-open', () => {
    const machine = openMachine()

    machine.trip(RESET_TIMEOUT)

    expect(tripsOf(machine).map(({ reason }) => reason)).toEqual(['consecutiveFailures', 'manual'])
    expect(machine.state).toMatchObject({ name: 'open', since: RESET_TIMEOUT, generation: 4 })
  })
})

describe('reset', () => {
  it.each([
    { from: 'closed', at: 0, create: () => createMachine() },
    { from: 'open', at: 10, create: () => openMachine() },
    { from: 'half-open', at: RESET_TIMEOUT, create: () => probedMachine().machine },
  ])('closes a circuit that is $from, with a new generation', ({ at, create }) => {
    const machine = create()
    const { generation } = machine.state

    machine.reset(at)

    expect(machine.state).toMatchObject({
      name: 'closed',
      since: at,
      generation: generation + 1,
    })
    expect(admit(machine, at).probe).toBe(false)
  })

  it('starts with fresh evidence, also when it was closed', () => {
    const machine = createMachine({ maxFailures: 3 })
    callTimes(machine, 2, 'failure')

    machine.reset(0)
    callTimes(machine, 2, 'failure')

    expect(failuresInARow(machine)).toBe(2)
  })

  it('makes the calls in flight stale', () => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = admit(machine, 0)

    machine.reset(0)

    expect(settle(machine, permit, 'failure', 0)).toBe(false)
    expect(machine.counters.read()).toMatchObject({ settled: 1, stale: 1, failure: 0 })
  })

  it('keeps the totals and the trip records', () => {
    const machine = openMachine()
    const counts = machine.counters.read()

    machine.reset(0)

    expect(machine.counters.read()).toEqual(counts)
    expect(tripsOf(machine)).toHaveLength(1)
  })

  it('comes after what time had made due', () => {
    const { machine } = probedMachine()

    machine.reset(RESET_TIMEOUT + PROBE_TIMEOUT + 1)

    expect(machine.counters.read().expired).toBe(1)
    expect(machine.state).toMatchObject({ name: 'closed', generation: 5 })
  })
})
