import { describe, expect, it } from 'vitest'
import { admit, callOnce, settle } from '../../../test/helpers/core.ts'
import { START, waiting, watchful } from '../../../test/helpers/overdue.ts'
import type { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'

describe('a circuit that overdue calls have opened', () => {
  function opened(): { machine: Machine; permits: Permit[] } {
    const { machine, permits } = waiting(3)
    machine.admit(START + 600)
    return { machine, permits }
  }

  it('closes again when one of them succeeds', () => {
    const { machine, permits } = opened()

    expect(settle(machine, permits[0] as Permit, 'success', START + 700)).toBe(false)

    expect(machine.state).toMatchObject({ name: 'closed', since: START + 700 })
    expect(machine.changes.at(-1)).toMatchObject({ reason: 'overdueCancelled' })
    expect(machine.counters.read().stale).toBe(1)
  })

  it('closes again when one of them succeeds while a probe is in flight', () => {
    const { machine, permits } = opened()
    admit(machine, START + 600 + 1_000)

    settle(machine, permits[0] as Permit, 'success', START + 1_700)

    expect(machine.state.name).toBe('closed')
  })

  it('closes again although a failure was the last of the evidence', () => {
    const { machine, permits } = waiting(2)
    callOnce(machine, 'cancelled', START + 600)
    for (let i = 0; i < 4; i++) callOnce(machine, 'failure', START + 600 + i)
    expect(machine.state.name).toBe('open')

    settle(machine, permits[0] as Permit, 'success', START + 700)

    expect(machine.state.name).toBe('closed')
  })

  it.each(['failure', 'neutral', 'cancelled'] as const)(
    'stays open when one ends as %s',
    (value) => {
      const { machine, permits } = opened()

      settle(machine, permits[0] as Permit, value, START + 700)

      expect(machine.state.name).toBe('open')
    },
  )

  it('stays open when a call succeeds that was not overdue', () => {
    const { machine } = waiting(3)
    const late = admit(machine, START + 400)
    machine.admit(START + 600)

    settle(machine, late, 'success', START + 700)

    expect(machine.state.name).toBe('open')
  })

  it('stays open when one succeeds after a probe has failed', () => {
    const { machine, permits } = opened()
    callOnce(machine, 'failure', START + 1_600)

    settle(machine, permits[0] as Permit, 'success', START + 1_700)

    expect(machine.state.name).toBe('open')
  })

  it('stays closed by hand when one succeeds after a reset', () => {
    const { machine, permits } = opened()
    machine.reset(START + 650)
    const { generation } = machine.state

    settle(machine, permits[0] as Permit, 'success', START + 700)

    expect(machine.state).toMatchObject({ name: 'closed', generation })
  })

  it('learns what is normal by the success of one of them too', () => {
    const machine = watchful()
    const permits = Array.from({ length: 4 }, () => admit(machine, 200))
    machine.admit(900)
    expect(machine.state.name).toBe('open')

    settle(machine, permits[0] as Permit, 'success', 1_200)

    expect(machine.baseline?.floor).toBe(1_500)
  })

  it('stays open when one succeeds after a trip by hand', () => {
    const machine = watchful()
    const hung = Array.from({ length: 4 }, () => admit(machine, 200))
    machine.admit(1_000)

    expect(machine.state.name).toBe('open')
    machine.trip(1_001)
    settle(machine, hung[0] as Permit, 'success', 1_002)
    expect(machine.state.name).toBe('open')
  })
})
