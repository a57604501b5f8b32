import { describe, expect, it } from 'vitest'
import { classificationOf, settingsOf } from '../../../test/helpers/core.ts'
import { Machine } from '../machine.ts'
import { Permit } from '../permit.ts'
import type { FleetWord } from '../state/fleet-word.ts'

const SAID = { by: 'p1', reason: 'failureRate' }
const OPEN: FleetWord = { state: 'open', for: 1_000, ...SAID }
const HALF_OPEN: FleetWord = { state: 'half-open', ...SAID }
const CLOSED: FleetWord = { state: 'closed', by: 'p2', reason: 'recovered' }

const createMachine = () => new Machine(settingsOf(), 0, () => 0.5)
const success = classificationOf('success')
const failure = classificationOf('failure')
const reasons = ({ changes }: Machine) =>
  changes.map((change) => ('to' in change ? `${change.to}: ${change.reason}` : 'override'))

/** Half-open as the fleet is, at 1 000 ms. */
function createHalfOpen(): Machine {
  const machine = createMachine()
  machine.hearFleet(OPEN, 0)
  machine.leasedProbes(1_000)
  return machine
}

/** The same, with a lease. */
function createLeased() {
  const machine = createHalfOpen()
  const probes = machine.leasedProbes(1_000)
  if (probes === undefined) throw new Error('there must be leased probes')
  probes.leased = true
  return { machine, probes }
}

describe('a machine that hears that its fleet is open', () => {
  it('opens for the time that is left, with who said so and why', () => {
    const machine = createMachine()

    machine.hearFleet(OPEN, 0)

    expect(machine.changes).toMatchObject([
      { from: 'closed', to: 'open', reason: 'fleet', by: 'p1', note: 'failureRate' },
    ])
    expect(machine.retryAfter(400)).toBe(600)
    expect(machine.admit(999)).toBe('open')
  })

  it('lets no call pass by time alone', () => {
    const machine = createMachine()
    machine.hearFleet(OPEN, 0)

    expect(machine.admit(1_000)).toBe('half-open')
    expect(machine.admit(1_000_000)).toBe('half-open')
  })

  it('takes over an opening of its own', () => {
    const machine = createMachine()
    machine.trip(0)

    machine.hearFleet(OPEN, 10)

    expect(reasons(machine)).toEqual(['open: manual', 'open: fleet'])
    expect(machine.retryAfter(10)).toBe(1_000)
  })

  it('makes results of calls stale that began before', () => {
    const machine = createMachine()
    const permit = machine.admit(0) as Permit

    machine.hearFleet(OPEN, 0)

    expect(machine.settle(permit, failure, 0)).toBe(false)
  })

  it('is moved by hand all the same, and then decides by itself', () => {
    const machine = createMachine()
    machine.hearFleet(OPEN, 0)

    machine.halfOpen(10)

    expect(machine.leasedProbes(10)).toBe(undefined)
    expect(machine.admit(10)).toBeTypeOf('object')
  })
})

describe('a machine that hears that its fleet is half-open', () => {
  it.each([
    ['closed', createMachine(), ['open: fleet', 'half-open: elapsed']],
    ['half-open as well', createHalfOpen(), ['open: fleet', 'half-open: elapsed']],
  ])('is half-open, if it was %s', (_, machine, expected) => {
    machine.hearFleet(HALF_OPEN, 1_000)

    expect(reasons(machine)).toEqual(expected)
    expect(machine.leasedProbes(1_000)?.needsLease(1_000)).toBe(true)
  })

  it('ends its open time at once', () => {
    const machine = createMachine()
    machine.hearFleet(OPEN, 0)

    machine.hearFleet(HALF_OPEN, 200)

    expect(reasons(machine)).toEqual(['open: fleet', 'half-open: elapsed'])
  })
})

describe('probes of a fleet', () => {
  it('pass by a lease, one for each', () => {
    const { machine } = createLeased()

    expect(machine.admit(1_000)).toMatchObject({ probe: true })
    expect(machine.admit(1_000)).toBe('half-open')
  })

  it('do not free the lease by a first part of the answer', () => {
    const { machine } = createLeased()
    const probe = machine.admit(1_000) as Permit

    machine.deliver(probe, 1_000)

    expect(machine.admit(1_000)).toBe('half-open')
  })

  it.each([
    [success, 'success'],
    [failure, 'failure'],
    [classificationOf('cancelled'), 'cancelled'],
  ])('decide nothing: %o', (classification, ended) => {
    const { machine, probes } = createLeased()
    const probe = machine.admit(1_000) as Permit

    machine.settle(probe, classification, 1_000)

    expect(machine.state.name).toBe('half-open')
    expect(probes.ended).toBe(ended)
    expect(probes.needsLease(1_000)).toBe(false)
  })

  it('fail at their deadline', () => {
    const { machine, probes } = createLeased()
    machine.admit(1_000)

    machine.leasedProbes(1_000_000)

    expect(probes.ended).toBe('failure')
  })

  it('are not asked for again before it is time', () => {
    const machine = createHalfOpen()
    const probes = machine.leasedProbes(1_000)
    if (probes !== undefined) probes.askAt = 1_300

    expect(probes?.needsLease(1_299)).toBe(false)
    expect(probes?.needsLease(1_300)).toBe(true)
    expect(machine.retryAfter(1_100)).toBe(200)
  })

  it('may pass, as long as one is in flight, when that must have ended', () => {
    const { machine } = createLeased()
    machine.admit(1_000)

    const { timeout } = machine.settings.recovery
    expect(machine.retryAfter(1_000)).toBe(timeout)
  })

  it('are not asked for under an override', () => {
    const machine = createHalfOpen()

    machine.force('forced-open', 1_000, {})

    expect(machine.leasedProbes(1_000)).toBe(undefined)
  })

  it('keep their lease when options change', () => {
    const { machine, probes } = createLeased()

    machine.configure(settingsOf(), 1_000)

    expect(machine.leasedProbes(1_000)).toBe(probes)
  })

  it('are copied with a machine', () => {
    const { machine } = createLeased()

    const copy = machine.clone()
    copy.admit(1_000)

    expect(machine.admit(1_000)).toMatchObject({ probe: true })
  })
})

describe('a machine that hears that its fleet is closed', () => {
  it.each([
    ['open', () => createMachine()],
    ['half-open', createHalfOpen],
  ])('closes, if it was %s as the fleet was', (_, create) => {
    const machine = create()
    machine.hearFleet(OPEN, 0)

    machine.hearFleet(CLOSED, 1_000)

    expect(machine.state.name).toBe('closed')
    expect(machine.changes.at(-1)).toMatchObject({ to: 'closed', reason: 'fleet', by: 'p2' })
  })

  it('stays open if it has opened by itself, unless that is a reset', () => {
    const machine = createMachine()
    machine.trip(0)

    machine.hearFleet(CLOSED, 0)
    expect(machine.state.name).toBe('open')
    machine.hearFleet({ ...CLOSED, reset: true }, 0)

    expect(machine.state.name).toBe('closed')
  })

  it('begins anew if it was closed: calls that began before do not count', () => {
    const machine = createMachine()
    const permit = machine.admit(0) as Permit

    machine.hearFleet(CLOSED, 0)

    expect(machine.settle(permit, failure, 0)).toBe(false)
    expect(machine.hasChanges).toBe(false)
  })
})

describe('a machine that can not hear its fleet any more', () => {
  it('stays open for the rest of the time, and then has its own probe', () => {
    const machine = createMachine()
    machine.hearFleet(OPEN, 0)

    machine.hearFleet(undefined, 500)

    expect(machine.admit(999)).toBe('open')
    expect(machine.admit(1_000)).toMatchObject({ probe: true })
  })

  it('has its own probes at once if it was half-open', () => {
    const machine = createHalfOpen()

    machine.hearFleet(undefined, 1_000)

    expect(machine.changes.at(-1)).toMatchObject({
      from: 'half-open',
      to: 'half-open',
      reason: 'fleet',
      note: 'the store cannot be reached',
    })
    const probe = machine.admit(1_000) as Permit
    machine.settle(probe, success, 1_000)
    expect(machine.state.name).toBe('closed')
  })

  it.each([
    ['closed', createMachine],
    [
      'half-open by itself',
      () => {
        const machine = createMachine()
        machine.halfOpen(0)
        return machine
      },
    ],
  ])('does not change if it is %s', (_, create) => {
    const machine = create()
    const { state } = machine

    machine.hearFleet(undefined, 0)

    expect(machine.state).toBe(state)
  })
})

describe('a machine that recovers by a slow start', () => {
  const recovery = {
    kind: 'slowStart' as const,
    successes: 3,
    quietFor: 100,
    timeout: 500,
    slowerThan: 400,
  }
  const createSlow = () => new Machine({ ...settingsOf(), recovery }, 0, () => 0.5)

  /** Its fleet has been open, and has closed at 1 000 ms. */
  function createRamping(): Machine {
    const machine = createSlow()
    machine.hearFleet(OPEN, 0)
    machine.leasedProbes(1_000)
    machine.hearFleet(CLOSED, 1_000)
    return machine
  }

  /** So many calls as pass at once, and then all succeed. */
  function passing(machine: Machine, now: number): number {
    const permits: Permit[] = []
    for (;;) {
      const permit = machine.admit(now)
      if (!(permit instanceof Permit)) break
      permits.push(permit)
      if (machine.state.name === 'closed') break
    }
    for (const permit of permits) machine.settle(permit, success, now + 10)
    return permits.length
  }

  it('lets calls pass by and by when its fleet has closed, and then closes by itself', () => {
    const machine = createRamping()

    const passed = [1_000, 1_020, 1_040].map((now) => passing(machine, now))

    expect(passed).toEqual([1, 2, 4])
    for (let now = 1_060; machine.state.name !== 'closed' && now < 2_000; now += 20) {
      const permit = machine.admit(now) as Permit
      machine.settle(permit, success, now + 10)
    }
    expect(reasons(machine)).toEqual([
      'open: fleet',
      'half-open: elapsed',
      'half-open: fleet',
      'closed: recovered',
    ])
    expect(machine.changes[2]).toMatchObject({ by: 'p2', note: 'recovered' })
  })

  it('has seen that the target works: a failure alone does not open it', () => {
    const machine = createRamping()

    machine.settle(machine.admit(1_000) as Permit, failure, 1_010)

    expect(machine.state.name).toBe('half-open')
    expect(machine.admit(1_020)).toBeInstanceOf(Permit)
  })

  it('opens by itself when nothing works', () => {
    const machine = createRamping()

    for (let now = 1_000; machine.state.name === 'half-open' && now < 2_000; now += 20) {
      machine.settle(machine.admit(now) as Permit, failure, now + 10)
    }

    expect(machine.state).toMatchObject({ name: 'open', fleet: false })
  })

  it('does not begin again when it hears once more that the fleet is closed', () => {
    const machine = createRamping()
    const { state } = machine

    machine.hearFleet(CLOSED, 1_010)
    machine.hearFleet(undefined, 1_020)

    expect(machine.state).toBe(state)
  })

  it.each([
    ['a reset of the fleet', { ...CLOSED, reset: true }, 'closed'],
    ['a fleet that opens again', OPEN, 'open'],
  ])('is %s away from the end of it', (_, word, state) => {
    const machine = createRamping()

    machine.hearFleet(word, 1_010)

    expect(machine.state.name).toBe(state)
    expect(machine.changes.at(-1)).toMatchObject({ to: state, reason: 'fleet' })
  })

  it('closes at once by a reset, and without a ramp if it was closed', () => {
    const [open, closed] = [createSlow(), createSlow()]
    open.hearFleet(OPEN, 0)

    open.hearFleet({ ...CLOSED, reset: true }, 10)
    closed.hearFleet(CLOSED, 10)

    expect(open.state.name).toBe('closed')
    expect(closed.state.name).toBe('closed')
  })

  it('does not count a success that it has not seen when it hears nothing any more', () => {
    const machine = createSlow()
    machine.hearFleet(OPEN, 0)
    machine.leasedProbes(1_000)

    machine.hearFleet(undefined, 1_000)
    machine.settle(machine.admit(1_000) as Permit, failure, 1_010)

    expect(machine.state.name).toBe('open')
  })
})
