import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { START, teach, waiting, watchful } from '../../../test/helpers/overdue.ts'
import { GROWN_AT, grown } from '../../../test/helpers/slow-start.ts'
import { OUTCOMES } from '../outcome.ts'
import { type Permit, UNENFORCED, UNRECORDED } from '../permit.ts'

describe('a call that has delivered a first part of its answer', () => {
  it('is not overdue, however long its caller takes for the rest', () => {
    const { machine, permits } = waiting(20)
    for (const permit of permits) machine.deliver(permit, START + 499)

    expect(stateAt(machine, START + 60_000)).toBe('closed')
    machine.admit(START + 60_000)
    expect(machine.state.name).toBe('closed')
  })

  it('leaves those overdue that have delivered nothing', () => {
    const { machine, permits } = waiting(20)
    for (const permit of permits.slice(0, 5)) machine.deliver(permit, START + 10)

    expect(stateAt(machine, START + 500)).toBe('open')
  })

  it('takes back what it was charged, if it was overdue before', () => {
    const { machine, permits } = waiting(2)
    const before = machine.clone().state
    machine.admit(START + 500)
    expect(permits.map(({ overdue }) => overdue)).toEqual([true, true])

    for (const permit of permits) machine.deliver(permit, START + 501)

    expect(permits.map(({ overdue }) => overdue)).toEqual([false, false])
    expect(machine.state).toMatchObject({ rules: (before as { rules: object }).rules })
  })

  it('raises what counts as overdue, if it was overdue before', () => {
    const { machine, permits } = waiting(1)
    machine.admit(START + 500)

    machine.deliver(permits[0] as Permit, START + 800)

    expect(machine.baseline?.overdueAfter).toBeGreaterThan(800)
  })

  it('closes a circuit that only overdue calls have opened', () => {
    const { machine, permits } = waiting(20)
    machine.admit(START + 500)
    expect(machine.state.name).toBe('open')

    machine.deliver(permits[0] as Permit, START + 501)

    expect(machine.state.name).toBe('closed')
    expect(machine.changes.at(-1)).toMatchObject({ reason: 'overdueCancelled' })
  })

  it.each(OUTCOMES)('does not take up maxConcurrent any more, also when it ends: %s', (outcome) => {
    const machine = createMachine({ maxConcurrent: 2 })
    const [first, second] = admitMany(machine, 2, 0) as [Permit, Permit]
    expect(machine.admit(0)).toBe('full')

    machine.deliver(first, 1)
    machine.deliver(first, 2)
    admit(machine, 3)
    expect(machine.admit(3)).toBe('full')
    settle(machine, first, outcome, 4)

    expect(machine.admit(5)).toBe('full')
    settle(machine, second, outcome, 6)
    admit(machine, 7)
    expect(machine.admit(7)).toBe('full')
    expect(machine.counters.inFlight).toBe(2)
  })

  it('frees its place once, also when its state is over by its end', () => {
    const machine = createMachine({ maxConcurrent: 1 })
    const permit = admit(machine, 0)
    machine.deliver(permit, 1)
    machine.reset(2)

    settle(machine, permit, 'success', 3)

    expect(machine.counters.read()).toMatchObject({ stale: 1 })
    admit(machine, 4)
    expect(machine.admit(4)).toBe('full')
  })

  it('still counts as in flight', () => {
    const machine = createMachine()
    machine.deliver(admit(machine, 0), 1)

    expect(machine.counters.inFlight).toBe(1)
  })

  it.each(OUTCOMES)('ends as it is told: %s', (outcome) => {
    const machine = createMachine()
    const permit = admit(machine, 0)
    machine.deliver(permit, 1)

    expect(settle(machine, permit, outcome, 2)).toBe(true)
    expect(machine.counters.read()).toMatchObject({ [outcome]: 1, admitted: 1, settled: 1 })
  })

  it('has taken as long as its first part did: a slow caller makes no slow call', () => {
    const slowCallRate = { threshold: 1, slowerThan: 100, minimumCalls: 1, window: { calls: 4 } }
    const machine = createMachine({ trip: { slowCallRate } })
    const permit = admit(machine, 0)

    machine.deliver(permit, 99)
    settle(machine, permit, 'success', 60_000)

    expect(machine.state.name).toBe('closed')
    machine.deliver(admit(machine, 60_000), 60_100)
    expect(machine.state.name).toBe('closed')
  })

  it('is a slow call if its first part was', () => {
    const slowCallRate = { threshold: 1, slowerThan: 100, minimumCalls: 1, window: { calls: 4 } }
    const machine = createMachine({ trip: { slowCallRate } })
    const permit = admit(machine, 0)

    machine.deliver(permit, 100)
    settle(machine, permit, 'success', 101)

    expect(machine.state.name).toBe('open')
  })

  it('teaches how long calls take by its first part', () => {
    const machine = watchful()
    for (let at = 1_000; at < 1_400; at += 10) {
      const permit = admit(machine, at)
      machine.deliver(permit, at + 10)
      settle(machine, permit, 'success', at + 5_000)
    }

    expect(machine.baseline?.typical).toBeCloseTo(10)
  })
})

describe('a delivery', () => {
  it.each([
    ['one that is not recorded', UNRECORDED],
    ['one that is not enforced', UNENFORCED],
  ])('does nothing for %s', (_, permit) => {
    const machine = createMachine({ maxConcurrent: 1 })

    machine.deliver(permit, 1)

    expect(machine.counters.delivered).toBe(0)
  })

  it('does nothing for a call that has ended', () => {
    const machine = createMachine()
    const permit = admit(machine, 0)
    settle(machine, permit, 'failure', 1)

    machine.deliver(permit, 2)

    expect(permit.delivered).toBe(false)
    expect(machine.counters.delivered).toBe(0)
  })

  it('comes too late for a probe at its deadline', () => {
    const { machine, probes } = probedMachine()

    machine.deliver(probes[0] as Permit, RESET_TIMEOUT + PROBE_TIMEOUT)

    expect(machine.state.name).toBe('open')
    expect(machine.counters.delivered).toBe(0)
  })

  it('is kept by a clone', () => {
    const machine = createMachine({ maxConcurrent: 1 })
    machine.deliver(admit(machine, 0), 1)
    const copy = machine.clone()

    admit(copy, 2)

    expect(copy.admit(2)).toBe('full')
    expect(machine.wouldAdmit(2)).toBe(true)
  })
})

describe('a probe that has delivered', () => {
  it('takes no slot any more, and still decides by its end', () => {
    const { machine, probes } = probedMachine()
    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')

    machine.deliver(probes[0] as Permit, RESET_TIMEOUT + 1)
    admit(machine, RESET_TIMEOUT + 2)
    expect(machine.admit(RESET_TIMEOUT + 2)).toBe('half-open')
    settle(machine, probes[0] as Permit, 'failure', RESET_TIMEOUT + 3)

    expect(machine.state.name).toBe('open')
  })

  it('says when a slot is free by those that wait', () => {
    const { machine, probes } = probedMachine()
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT + 1)
    admit(machine, RESET_TIMEOUT + 100)

    expect(machine.retryAfter(RESET_TIMEOUT + 200)).toBe(PROBE_TIMEOUT - 100)
  })

  it('takes no slot either where it is configured anew or copied', () => {
    const { machine, probes } = probedMachine()
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT + 1)
    const slow = {
      kind: 'slowStart',
      successes: 5,
      quietFor: 0,
      timeout: 500,
      slowerThan: 400,
    } as const
    machine.configure({ ...settingsOf(), recovery: slow }, RESET_TIMEOUT + 2)
    const copy = machine.clone()

    admit(copy, RESET_TIMEOUT + 3)

    expect(copy.admit(RESET_TIMEOUT + 3)).toBe('half-open')
    expect(machine.wouldAdmit(RESET_TIMEOUT + 3)).toBe(true)
  })

  it('is not taken for hung by a slow start', () => {
    const machine = grown()
    const permits = admitMany(machine, 8, GROWN_AT)
    for (const permit of permits) machine.deliver(permit, GROWN_AT + 1)

    machine.admit(GROWN_AT + 2_900)

    expect(permits.map(({ overdue }) => overdue)).not.toContain(true)
    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 8 } })
  })

  it('leaves a circuit that was opened meanwhile as it is', () => {
    const machine = openMachine()
    const probe = admit(machine, RESET_TIMEOUT)
    machine.trip(RESET_TIMEOUT + 1)

    machine.deliver(probe, RESET_TIMEOUT + 2)

    expect(machine.state.name).toBe('open')
    expect(settle(machine, probe, 'success', RESET_TIMEOUT + 3)).toBe(false)
  })
})

it('keeps a call in flight from being overdue before anything is learned', () => {
  const machine = teach(createMachine({ maxFailures: 3 }))
  machine.deliver(admit(machine, START), START)

  expect(stateAt(machine, START + 60_000)).toBe('closed')
})
