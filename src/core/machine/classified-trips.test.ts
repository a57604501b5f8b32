import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  probedMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import { tripsOf } from '../machine-data.ts'

describe('a call that is classified as a reason to trip', () => {
  it('opens a closed circuit at once, whatever the rules say', () => {
    const machine = createMachine({ maxFailures: 100 })
    const error = new Error('certificate expired')

    settle(machine, admit(machine, 10), 'failure', 20, { error, trips: true })

    expect(machine.state).toMatchObject({ name: 'open', since: 20, cause: error })
    expect(tripsOf(machine)).toMatchObject([{ reason: 'classify' }])
    expect(machine.changes).toMatchObject([{ from: 'closed', to: 'open', reason: 'classify' }])
  })

  it('opens once where a rule has opened it by the same call', () => {
    const machine = createMachine({ maxFailures: 1 })

    settle(machine, admit(machine, 10), 'failure', 20, { trips: true })

    expect(machine.changes).toMatchObject([{ reason: 'consecutiveFailures' }])
    expect(machine.state).toMatchObject({ name: 'open', generation: 2 })
  })

  it('opens nothing when its own state is over', () => {
    const machine = createMachine()
    const permit = admit(machine, 10)
    machine.reset(15)

    settle(machine, permit, 'failure', 20, { trips: true })

    expect(machine.state.name).toBe('closed')
  })

  it.each([1, 3])('re-opens a half-open circuit that needs %d probes', (count) => {
    const { machine, probes } = probedMachine({ probes: count })
    const [probe] = probes

    settle(machine, probe as never, 'failure', RESET_TIMEOUT + 5, { trips: true })

    expect(machine.state).toMatchObject({ name: 'open', since: RESET_TIMEOUT + 5 })
  })

  it('re-opens also by a success', () => {
    const { machine, probes } = probedMachine()

    settle(machine, probes[0] as never, 'success', RESET_TIMEOUT + 5, { trips: true })

    expect(machine.state.name).toBe('open')
  })
})

describe('a success that opens', () => {
  const failureRate = { threshold: 0.5, minimumCalls: 3, window: { calls: 8 } }

  it('has the last failure for its cause, where the rate has opened by it', () => {
    const machine = createMachine({ maxFailures: 100, trip: { failureRate } })
    const errors = [new Error('first'), new Error('second')]
    for (const error of errors) settle(machine, admit(machine, 0), 'failure', 0, { error })

    settle(machine, admit(machine, 5), 'success', 5)

    expect(machine.state).toMatchObject({ name: 'open' })
    expect(machine.state.name === 'open' && machine.state.cause).toBe(errors[1])
  })

  it('has no cause, where another rule has opened by it', () => {
    const slowCallRate = { ...failureRate, minimumCalls: 1, slowerThan: 100 }
    const machine = createMachine({ maxFailures: 100, trip: { failureRate, slowCallRate } })
    settle(machine, admit(machine, 0), 'failure', 0, { error: new Error('first') })
    settle(machine, admit(machine, 0), 'success', 500)

    expect(machine.state).toMatchObject({ name: 'open' })
    expect(tripsOf(machine)).toMatchObject([{ reason: 'slowCallRate' }])
    expect(machine.state.name === 'open' && machine.state.cause).toBeUndefined()
  })

  it('keeps no error of a breaker without a rate', () => {
    const machine = createMachine({ maxFailures: 100 })

    settle(machine, admit(machine, 0), 'failure', 0, { error: new Error('first') })

    expect(machine.state.name === 'closed' && machine.state.lastError).toBeUndefined()
  })
})
