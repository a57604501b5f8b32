import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
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

    // Two calls a second for 200 s: the root of 2 * 200_000 / 0.002 is 14 s.
    expect(tripsOf(machine)[0]?.openFor).toBeGreaterThan(10_000)
    expect(tripsOf(machine)[0]?.openFor).toBeLessThan(14_200)
  })

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
