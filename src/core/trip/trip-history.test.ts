import { describe, expect, it } from 'vitest'
import { openMachine, RESET_TIMEOUT } from '../../../test/helpers/core.ts'
import { tripsOf } from '../machine-data.ts'

describe('the record of a trip', () => {
  it('has the failures that opened a closed circuit', () => {
    expect(tripsOf(openMachine())).toMatchObject([
      { from: 'closed', consecutiveFailures: 3, failures: [{ at: 0 }, { at: 0 }, { at: 0 }] },
    ])
  })

  it('has no failures when a half-open circuit is tripped by hand', () => {
    const machine = openMachine()

    machine.trip(RESET_TIMEOUT, { reason: 'maintenance' })

    expect(tripsOf(machine)).toHaveLength(2)
    expect(tripsOf(machine)[1]).toMatchObject({
      from: 'half-open',
      consecutiveFailures: 0,
      failures: [],
    })
  })
})
