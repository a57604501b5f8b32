import { describe, expect, it } from 'vitest'
import { admit, callOnce, createMachine, settingsOf, settle } from '../../../test/helpers/core.ts'
import { configure, START, slowStart, tripped } from '../../../test/helpers/slow-start.ts'

describe('a slow start that is configured', () => {
  it.each([
    { to: { ...slowStart, successes: 2 }, lost: [] },
    { to: settingsOf().recovery, lost: ['successful probes'] },
  ])('keeps what it has seen, or says that it is lost: $lost', ({ to, lost }) => {
    const machine = tripped({ successes: 9 })
    settle(machine, admit(machine, START), 'success', START)
    const probe = admit(machine, START)

    expect(machine.configure({ ...settingsOf(), recovery: to }, START)).toEqual(lost)

    settle(machine, probe, 'success', START)
    expect(machine.state.name).toBe('closed')
  })

  it('loses nothing when it takes the place of probes that have not succeeded', () => {
    const machine = createMachine()
    machine.trip(0)
    const probe = admit(machine, START)

    expect(configure(machine, { successes: 1 }, START)).toEqual([])

    expect(settle(machine, probe, 'success', START)).toBe(true)
    expect(machine.state.name).toBe('closed')
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
