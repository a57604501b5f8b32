import { describe, expect, it } from 'vitest'
import { createMachine, RESET_TIMEOUT, revive, settingsOf } from '../../test/helpers/core.ts'
import { tripsOf } from './machine-data.ts'

describe('a circuit that was opened by hand, saved and restored', () => {
  it('knows by whom and why', () => {
    const machine = createMachine()
    machine.trip(0, { reason: 'release', by: 'ann' })

    const revived = revive(machine, 300)

    expect(tripsOf(revived)).toMatchObject([{ note: 'release', by: 'ann' }])
    expect(revived.state).toMatchObject({ name: 'open', retripped: null })
  })

  it.each([
    { said: { reason: 'rollback', by: 'bob' }, known: { reason: 'rollback', by: 'bob' } },
    { said: {}, known: { reason: undefined, by: undefined } },
  ])('knows that it was opened once more, and what was said then: $said', ({ said, known }) => {
    const machine = createMachine()
    machine.trip(0)
    machine.trip(200, said)

    expect(revive(machine, 300).state).toMatchObject({ name: 'open', retripped: known })
  })

  it('stays open as long as was said, whatever is configured then', () => {
    const machine = createMachine()
    machine.trip(0, { for: 5_000 })

    const revived = revive(machine, 300)
    revived.configure(settingsOf({ resetTimeout: 7 }), 0)

    expect(revived.state).toMatchObject({ name: 'open', until: 4_700 })
  })

  it('otherwise has the open time that is configured then', () => {
    const machine = createMachine()
    machine.trip(0)

    const revived = revive(machine, 300)
    revived.configure(settingsOf({ resetTimeout: 2 * RESET_TIMEOUT }), 0)

    expect(revived.state).toMatchObject({ name: 'open', until: 2 * RESET_TIMEOUT - 300 })
  })
})
