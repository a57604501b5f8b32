import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  callTimes,
  createMachine,
  PROBE_TIMEOUT,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { slowStart } from '../../../test/helpers/slow-start.ts'
import { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'
import type { OpenDuration } from '../recovery/open-duration.ts'

const growing: OpenDuration = { kind: 'growing', initial: 100, max: 1_000, factor: 2, jitter: 0 }

function machineWith(openDuration: OpenDuration): Machine {
  const machine = createMachine()
  machine.configure({ ...settingsOf({ maxFailures: 1 }), openDuration }, 0)
  return machine
}

/** Fails as soon as a call may pass, and tells how long it then has to wait each time. */
function waits(machine: Machine, times: number): (number | undefined)[] {
  let at = 0
  return Array.from({ length: times }, () => {
    callOnce(machine, 'failure', at)
    const wait = machine.retryAfter(at)
    at += wait ?? 0
    return wait
  })
}

describe('the open time of a machine', () => {
  it('stays as it is when it is fixed', () => {
    expect(waits(machineWith({ kind: 'fixed', ms: 300 }), 3)).toEqual([300, 300, 300])
  })

  it('grows with each failed probe', () => {
    expect(waits(machineWith(growing), 6)).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  it('has not shrunk by a short recovery', () => {
    const machine = machineWith(growing)
    waits(machine, 3)
    callOnce(machine, 'success', 700)

    callOnce(machine, 'failure', 701)

    expect(machine.retryAfter(701)).toBe(800)
  })

  it.each([
    { calm: 399, ms: 800 },
    { calm: 400, ms: 400 },
    { calm: 700, ms: 100 },
  ])('shrinks by calm: $ms after $calm', ({ calm, ms }) => {
    const machine = machineWith(growing)
    waits(machine, 3)
    callOnce(machine, 'success', 700)

    callOnce(machine, 'failure', 700 + calm)

    expect(machine.retryAfter(700 + calm)).toBe(ms)
  })

  it('begins anew after a reset', () => {
    const machine = machineWith(growing)
    waits(machine, 4)

    machine.reset(1_500)
    callOnce(machine, 'failure', 1_500)

    expect(machine.retryAfter(1_500)).toBe(100)
  })

  it('is the same step again for a trip by hand while open', () => {
    const machine = machineWith(growing)
    waits(machine, 2)

    machine.trip(250)

    expect(machine.retryAfter(250)).toBe(200)
  })

  it('is a second at first when it is automatic, and then by outage and traffic', () => {
    const machine = machineWith({ kind: 'auto' })
    callOnce(machine, 'failure', 0)
    expect(machine.retryAfter(0)).toBe(1_000)

    for (let at = 500; at < 200_000; at += 500) {
      const permit = machine.admit(at)
      if (typeof permit === 'object') settle(machine, permit, 'failure', at)
    }

    // Two calls a second for 200 s, probes that fail at once: the root of 0.2 * 200_000 / 0.002 is 4.5 s.
    expect(tripsOf(machine)[0]?.openFor).toBeGreaterThan(4_000)
    expect(tripsOf(machine)[0]?.openFor).toBeLessThan(4_500)
  })

  /** Opens at 0 and has a probe at 200 000, under two calls a second; returns the open time after it. */
  function reopened(probe: (machine: Machine, permit: Permit) => void): number | undefined {
    const machine = machineWith({ kind: 'auto' })
    machine.trip(0, { for: 200_000 })
    for (let at = 500; at < 200_000; at += 500) machine.admit(at)
    probe(machine, admit(machine, 200_000))
    expect(machine.state.name).toBe('open')
    return tripsOf(machine)[0]?.openFor
  }

  it.each([
    { took: 0, ms: 4_472 },
    { took: 400, ms: 6_000 },
  ])('goes by how long a failed probe took, when it is automatic: $ms ms after $took', (row) => {
    const ms = reopened((machine, permit) => settle(machine, permit, 'failure', 200_000 + row.took))

    expect(ms).toBeGreaterThan(row.ms * 0.98)
    expect(ms).toBeLessThan(row.ms * 1.02)
  })

  it('is the longest after a probe that did not end', () => {
    const ms = reopened((machine) => machine.admit(200_000 + PROBE_TIMEOUT))

    // The root of 2 * 200_500 / 0.002.
    expect(ms).toBeGreaterThan(14_160 * 0.98)
    expect(ms).toBeLessThan(14_160 * 1.02)
  })

  it('is the longest after a probe that is overdue', () => {
    const machine = createMachine()
    const recovery = { ...slowStart, timeout: 30_000 }
    machine.configure({ ...settingsOf(), openDuration: { kind: 'auto' }, recovery }, 0)
    callTimes(machine, 20, 'success', 0)
    machine.trip(0, { for: 200_000 })
    for (let at = 500; at < 200_000; at += 500) machine.admit(at)
    admit(machine, 200_000)

    machine.admit(200_500)

    expect(tripsOf(machine)).toMatchObject([{ reopenedBy: 'probeOverdue' }])
    expect(tripsOf(machine)[0]?.openFor).toBeGreaterThan(14_160 * 0.98)
  })

  it.each(['success', 'neutral', 'cancelled', 'delivered'] as const)(
    'begins anew, when it is automatic, with a probe that shows that the target works: %s',
    (first) => {
      const machine = createMachine()
      const settings = settingsOf({ maxFailures: 1, probes: 2, concurrent: 2 })
      machine.configure({ ...settings, openDuration: { kind: 'auto' } }, 0)
      machine.trip(0, { for: 200_000 })
      for (let at = 500; at < 200_000; at += 500) machine.admit(at)
      const [one, two] = admitMany(machine, 2, 200_000) as [Permit, Permit]

      if (first === 'delivered') machine.deliver(one, 200_001)
      else settle(machine, one, first, 200_001)
      settle(machine, two, 'failure', 200_000 + PROBE_TIMEOUT, {})

      const opensFor = tripsOf(machine)[0]?.openFor
      if (first === 'cancelled') expect(opensFor).toBeGreaterThan(6_000)
      else expect(opensFor).toBe(1_000)
    },
  )

  it('counts the calls that an override rejects as traffic too', () => {
    const machine = machineWith({ kind: 'auto' })
    callOnce(machine, 'failure', 0)
    machine.force('forced-open', 0, {})
    for (let at = 1; at <= 100_000; at++) machine.admit(at)
    machine.release(100_000)

    settle(machine, admit(machine, 100_000), 'failure', 100_000)

    expect(machine.retryAfter(100_000)).toBe(1_000)
  })

  it('stays finite however often it has grown', () => {
    const settings = {
      ...settingsOf({ maxFailures: 1 }),
      openDuration: { kind: 'growing' as const, initial: 100, max: 1_000, factor: 2, jitter: 0 },
    }
    const machine = new Machine(settings, 0, () => 0.5)
    let at = 0
    callTimes(machine, 1, 'failure')
    for (let i = 0; i < 3000; i++) {
      at += 1_000
      callOnce(machine, 'failure', at)
    }

    expect(machine.retryAfter(at)).toBe(1_000)
    callOnce(machine, 'success', at + 1000)
    callOnce(machine, 'failure', at + 1000 + 11_000)
    expect(tripsOf(machine).at(-1)?.openFor).toBeLessThan(1_000)
  })

  it('is not drawn again by a change of other settings', () => {
    let drawn = 0
    const openDuration = { kind: 'growing', initial: 1_000, max: 9_000, factor: 2, jitter: 0.5 }
    const settings = { ...settingsOf(), openDuration: openDuration as OpenDuration }
    const machine = new Machine(settings, 0, () => (drawn++ % 4) / 4)
    callTimes(machine, 3, 'failure')
    const { openFor } = tripsOf(machine)[0] as { openFor: number }

    machine.configure({ ...settings, history: 5, openDuration: { ...settings.openDuration } }, 0)

    expect(tripsOf(machine)[0]?.openFor).toBe(openFor)
    expect(machine.retryAfter(0)).toBe(openFor)
  })
})

describe('the rate of calls that an automatic open time goes by', () => {
  it.each([
    { kind: 'auto', perMs: 0.1 },
    { kind: 'fixed', perMs: 0 },
  ] as const)('is sampled now and then by calls where one needs it: $perMs for $kind', (row) => {
    const openDuration = row.kind === 'auto' ? { kind: row.kind } : { kind: row.kind, ms: 1_000 }
    const machine = new Machine({ ...settingsOf(), openDuration }, 0, () => 0.5)

    callTimes(machine, 99, 'success', 10)
    callOnce(machine, 'success', 1_000)

    expect(machine.rate?.perMs ?? 0).toBeCloseTo(row.perMs, 2)
  })

  it('is sampled by each opening', () => {
    const machine = createMachine()
    callTimes(machine, 90, 'success', 10)

    machine.trip(900)

    expect(machine.rate?.perMs).toBeCloseTo(0.1)
  })
})
