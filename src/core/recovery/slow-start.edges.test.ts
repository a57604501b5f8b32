import { describe, expect, it } from 'vitest'
import { admit, callOnce, createMachine, settingsOf, settle } from '../../../test/helpers.ts'
import type { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'
import type { SlowStartSettings } from './recovery.ts'

const slowStart: SlowStartSettings = {
  kind: 'slowStart',
  successes: 1_000,
  quietFor: 0,
  timeout: 30_000,
  slowerThan: 2_000,
}

const START = 10_000

/** Half-open from `START` on, with room for eight; calls are known to take 10 ms. */
function halfOpen(about: Partial<SlowStartSettings> = {}): Machine {
  const machine = createMachine({ resetTimeout: 1_000 })
  machine.configure({ ...settingsOf(), recovery: { ...slowStart, ...about } }, 0)
  for (let end = 10; end <= 200; end += 10) {
    settle(machine, admit(machine, end - 10), 'success', end)
  }
  machine.trip(START - 1_000)
  for (let i = 0; i < 7; i++) callOnce(machine, 'success', START)
  return machine
}

function flood(machine: Machine, at: number): Permit[] {
  const permits: Permit[] = []
  for (;;) {
    const permit = machine.admit(at)
    if (typeof permit === 'string') return permits
    permits.push(permit)
  }
}

function fail(machine: Machine, permits: readonly Permit[], at: number): void {
  for (const permit of permits) settle(machine, permit, 'failure', at)
}

describe('a slow start', () => {
  it('stays half-open for the quiet time after each call that was refused', () => {
    const machine = halfOpen({ successes: 8, quietFor: 100 })
    const [probe] = flood(machine, START + 50)

    settle(machine, probe as Permit, 'success', START + 149)
    expect(machine.state.name).toBe('half-open')

    settle(machine, admit(machine, START + 149), 'success', START + 150)
    expect(machine.state.name).toBe('closed')
  })

  it('is not cut again by calls that began at the moment of the cut', () => {
    const machine = halfOpen()

    fail(machine, flood(machine, START + 1), START + 1)

    expect(machine.state.name).toBe('half-open')
    expect(flood(machine, START + 2)).toHaveLength(5)
  })

  it('has no debt and no credit left of a call that was overdue and ended', () => {
    const machine = halfOpen()
    const overdue = admit(machine, START)
    callOnce(machine, 'success', START + 1_000)
    settle(machine, overdue, 'cancelled', START + 1_000)
    const probes = flood(machine, START + 1_001)
    const room = probes.length

    fail(machine, probes.splice(0, 2), START + 1_002)
    for (const probe of probes.splice(1)) settle(machine, probe, 'cancelled', START + 1_002)
    expect(flood(machine, START + 1_002)).toHaveLength(room - 1)

    fail(machine, probes, START + 1_003)
    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 4 } })
  })

  it('takes the charge for an overdue call back when that call ends', () => {
    const machine = halfOpen()
    const [overdue, ...probes] = flood(machine, START + 1)
    fail(machine, probes.splice(0, 3), START + 1)
    for (const probe of probes) settle(machine, probe, 'cancelled', START + 1)
    settle(machine, admit(machine, START + 600), 'cancelled', START + 600)
    settle(machine, overdue as Permit, 'cancelled', START + 600)

    callOnce(machine, 'failure', START + 601)

    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 5 } })
  })

  it('has the slots of other calls still taken when an overdue one ends', () => {
    const machine = halfOpen()
    const overdue = admit(machine, START)
    const other = admit(machine, START + 600)

    settle(machine, overdue, 'cancelled', START + 600)

    expect(machine.state).toMatchObject({ recovery: { inFlight: [other] } })
  })

  it('takes only those calls for overdue that have been out long enough', () => {
    const machine = halfOpen()
    admit(machine, START)
    const other = admit(machine, START + 400)

    expect(machine.peek(START + 600).state).toMatchObject({
      recovery: { inFlight: [{ startedAt: other.startedAt }] },
    })
  })

  it('goes by how long a call was out that is given up: soon is not slow', () => {
    const machine = halfOpen({ timeout: 400 })
    admit(machine, START)

    expect(machine.peek(START + 400)).toMatchObject({
      counts: { expired: 1 },
      state: { name: 'half-open', recovery: { limit: 8 } },
    })
  })

  it('takes the place of probes with its own count of successes', () => {
    const machine = createMachine()
    machine.trip(0)
    machine.configure({ ...settingsOf(), recovery: { ...slowStart, successes: 2 } }, 1_000)

    callOnce(machine, 'success', 1_000)
    expect(machine.state.name).toBe('half-open')

    callOnce(machine, 'success', 1_000)
    expect(machine.state.name).toBe('closed')
  })
})

describe('probes with the same deadline', () => {
  it('are given up in the order in which they went out', () => {
    const machine = createMachine({ probes: 1, concurrent: 2, resetTimeout: 1_000 })
    machine.trip(0)
    const first = admit(machine, 1_000)
    admit(machine, 1_000)
    first.delivered = true

    expect(machine.peek(9_000).state.name).toBe('closed')
  })
})
