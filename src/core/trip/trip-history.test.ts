import { describe, expect, it } from 'vitest'
import { openMachine, RESET_TIMEOUT } from '../../../test/helpers/core.ts'

describe('the record of a trip', () => {
  it('has the failures that opened a closed circuit', () => {
    expect(openMachine().trips).toMatchObject([
      { from: 'closed', consecutiveFailures: 3, failures: [{ at: 0 }, { at: 0 }, { at: 0 }] },
    ])
  })

  it('has no failures when somebody trips a half-open circuit', () => {
    const machine = openMachine()

    machine.trip(RESET_TIMEOUT, 'maintenance')

    expect(machine.trips).toHaveLength(2)
    expect(machine.trips[1]).toMatchObject({
      from: 'half-open',
      consecutiveFailures: 0,
      failures: [],
    })
  })
})
